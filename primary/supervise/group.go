package supervise

import (
	"cmp"
	"context"
	"slices"

	"ringstack/internal/config"
)

// group is the keepers of one section, or of the primary.
type group struct {
	name    string
	keepers []*keeper
}

// startAll starts one process after the other. Only the primary must start.
func (s *Supervisor) startAll(ctx context.Context) error {
	for i, g := range s.groups {
		for _, k := range g.keepers {
			err := start(ctx, k)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil && i == 0:
				return err
			case err != nil:
				s.log.Warn().Err(err).Msg("going on with the others")
			}
		}
	}
	return nil
}

// start starts one process and waits for it as long as is fit.
func start(ctx context.Context, k *keeper) error {
	patience := startPatience
	if k.name == config.PrimaryName {
		patience = primaryPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return k.start(ctx)
}

// stopAll stops everything, the last first.
func (s *Supervisor) stopAll() {
	if err := stop(context.Background(), s.groups); err != nil {
		s.log.Warn().Err(err).Msg("left behind")
	}
}

// stop stops groups, the last first, the processes of one at the same time. The error is that of the
// first process which does not stop.
func stop(ctx context.Context, groups []group) (first error) {
	for _, g := range slices.Backward(groups) {
		failed := make(chan error, len(g.keepers))
		for _, k := range g.keepers {
			go func() { failed <- k.stop(ctx) }()
		}
		for range g.keepers {
			first = cmp.Or(first, <-failed)
		}
	}
	return first
}
