package supervise

import (
	"context"
	"slices"
	"strings"
	"syscall"

	"ringstack/msg"
)

// maxNames is how many names a request may have.
const maxNames = 128

// answer does what a tool of the user uid asks for. It returns the reply's payload, or an error.
func (s *Supervisor) answer(ctx context.Context, uid int, m *msg.Message) any {
	if m.Kind == msg.KindUnits {
		return s.units()
	}
	do := map[msg.Kind]func(context.Context, []group) error{
		msg.KindStart: startEach, msg.KindStop: stopEach, msg.KindRestart: restartEach,
	}[m.Kind]
	if do == nil {
		return msg.Errorf(syscall.ENOSYS, "the supervisor cannot be asked for %v: ask the primary", m.Kind)
	}
	var req msg.UnitsRequest
	if err := m.Decode(&req); err != nil {
		return msg.Errorf(syscall.EINVAL, "%v", err)
	}
	named, err := s.named(req.Names)
	if err == nil {
		err = mayOrder(uid, named)
	}
	if err != nil {
		return err
	}
	s.log.Info().Stringer("request", m.Kind).Strs("names", req.Names).Int("uid", uid).Msg("asked")
	err = do(ctx, named)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errStops
	}
	return err
}

// units describes all processes, in their order.
func (s *Supervisor) units() any {
	units := []msg.Unit{}
	for _, g := range s.groups {
		for _, k := range g.keepers {
			units = append(units, k.unit())
		}
	}
	return units
}

// named returns the groups that have the named processes, with those only, in the order of all.
func (s *Supervisor) named(names []string) (chosen []group, err error) {
	if len(names) == 0 || len(names) > maxNames {
		return nil, msg.Errorf(syscall.EINVAL, "want 1 to %d names", maxNames)
	}
	met := make(map[string]bool)
	for _, g := range s.groups {
		part := group{name: g.name}
		for _, k := range g.keepers {
			met[g.name], met[k.name] = true, true
			if slices.Contains(names, g.name) || slices.Contains(names, k.name) {
				part.keepers = append(part.keepers, k)
			}
		}
		if len(part.keepers) > 0 {
			chosen = append(chosen, part)
		}
	}
	for _, name := range names {
		if !met[name] {
			return nil, msg.Errorf(syscall.ENOENT, "no process is called %q: there are %s", name, s.known())
		}
	}
	return chosen, nil
}

// known lists the names of all groups.
func (s *Supervisor) known() string {
	var names []string
	for _, g := range s.groups {
		names = append(names, g.name)
	}
	return strings.Join(names, ", ")
}

// mayOrder lets a user order about what it could kill in any case.
func mayOrder(uid int, groups []group) error {
	for _, g := range groups {
		for _, k := range g.keepers {
			if uid != 0 && uid != k.uid {
				return msg.Errorf(syscall.EPERM, "%s runs as uid %d: only that user and root may start and stop it", k.name, k.uid)
			}
		}
	}
	return nil
}

// startEach starts one process after the other; the error is that of the first which did not start.
func startEach(ctx context.Context, groups []group) (first error) {
	for _, g := range groups {
		for _, k := range g.keepers {
			if err := start(ctx, k); err != nil && first == nil {
				first = err
			}
		}
	}
	return first
}
