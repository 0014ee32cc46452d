package supervise

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/internal/config"
)

// inherited names the variables that secondaries get from the supervisor's environment. What else is
// there may be secret.
var inherited = []string{"PATH", "LANG", "TZ"}

// makeSecondaries makes the keepers of a [proc.NAME] section.
func (s *Supervisor) makeSecondaries(conf *config.Proc) (group, error) {
	g := group{name: conf.Name}
	p, err := s.programOf(conf)
	if err != nil {
		return g, fmt.Errorf("[proc.%s] %w", conf.Name, err)
	}
	for i := range conf.Count {
		name, one := conf.Name, p
		if conf.Count > 1 {
			name += "." + strconv.Itoa(i)
		}
		if conf.ProcID >= 0 {
			one.env = append(slices.Clip(one.env), "FF_PROC="+strconv.Itoa(conf.ProcID+i))
		}
		if len(conf.Lcores) > 0 && conf.Count > 1 {
			one.lcores = conf.Lcores[i : i+1]
		}
		k := newKeeper(name, one, s.launchSecondary, time.Duration(conf.StopTimeout)*time.Second, s.log)
		k.uid, k.overlaps = int(p.user.Uid), conf.ProcID < 0
		k.check, k.ports = s.checkSecondary(conf.Command[0]), s.portsOf
		g.keepers = append(g.keepers, k)
	}
	for _, k := range g.keepers {
		k.others = slices.DeleteFunc(slices.Clone(g.keepers), func(other *keeper) bool { return other == k })
	}
	return g, nil
}

// programOf returns what all processes of a section have in common.
func (s *Supervisor) programOf(conf *config.Proc) (program, error) {
	if err := checkExecutable(conf.Command[0]); err != nil {
		return program{}, fmt.Errorf("command=%s: %w", conf.Command[0], err)
	}
	if err := checkLcores(conf.Lcores); err != nil {
		return program{}, err
	}
	account, err := findAccount(conf.User, s.gid)
	if err != nil {
		return program{}, err
	}
	p := program{command: conf.Command, dir: "/", user: &account.ids, lcores: conf.Lcores}
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			p.env = append(p.env, name+"="+value)
		}
	}
	p.env = append(p.env, account.env()...)
	p.env = append(p.env, "FF_SOCKET="+s.cfg.DPDK.ControlSocket)
	if conf.Group != "" {
		p.env = append(p.env, "FF_GROUP="+conf.Group)
	}
	p.env = append(p.env, conf.Env...)
	return p, nil
}

func checkExecutable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err.(*fs.PathError).Err
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return fs.ErrPermission
	}
	return nil
}

func checkLcores(lcores []int) error {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return fmt.Errorf("read CPU affinity: %w", err)
	}
	for _, lcore := range lcores {
		if !allowed.IsSet(lcore) {
			return fmt.Errorf("lcores: lcore %d is no CPU that this process may use: name another (nproc and taskset show them)", lcore)
		}
	}
	return nil
}
