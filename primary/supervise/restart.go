package supervise

import (
	"context"
	"fmt"
	"slices"
	"syscall"

	"ringstack/msg"
)

// restartEach restarts one process after the other, so that the others of a group go on serving; first those that do not serve
// anyway. After one that does not start again, the rest is left alone. So it is when what is restarted is to be stopped meanwhile.
func restartEach(ctx context.Context, groups []group) error {
	ctx, end, err := beginRestart(ctx, groups)
	if err != nil {
		return err
	}
	defer end()
	for _, g := range groups {
		order := idleFirst(g.keepers)
		for i, k := range order {
			err := restart(ctx, k)
			switch {
			case err == nil:
				continue
			case ctx.Err() != nil:
				return fmt.Errorf("the restart of %s %w", k.name, errGivenUp)
			case i+1 < len(order):
				return fmt.Errorf("%w; %s and what follows was left alone", err, order[i+1].name)
			}
			return err
		}
	}
	return nil
}

// restart restarts one process. One that nobody else of its section stands in for goes on until its successor serves, if it may have one.
// One that could not be started again is not stopped.
func restart(ctx context.Context, k *keeper) error {
	if k.check != nil {
		if err := k.check(ctx); err != nil {
			return fmt.Errorf("%s goes on as before: %w", k.name, err)
		}
	}
	old, err := k.current(ctx)
	if err != nil {
		return err
	}
	had := k.portsBefore(ctx, old)
	if k.overlaps && k.serves() && !slices.ContainsFunc(k.others, (*keeper).serves) {
		return k.replace(ctx, had)
	}
	if err := k.stop(ctx); err != nil {
		return err
	}
	if err := start(ctx, k); err != nil {
		return err
	}
	next, err := k.current(ctx)
	if err == nil && next != nil {
		err = k.awaitPorts(ctx, next, had)
	}
	if err != nil {
		return fmt.Errorf("%s %w", k.name, err)
	}
	return nil
}

// idleFirst returns those first that do not serve.
func idleFirst(keepers []*keeper) []*keeper {
	var idle, serving []*keeper
	for _, k := range keepers {
		if k.serves() {
			serving = append(serving, k)
		} else {
			idle = append(idle, k)
		}
	}
	return append(idle, serving...)
}

func (k *keeper) serves() bool {
	st, _ := k.look()
	return st.state == stateLive
}

// beginRestart makes a restart the only one of all these processes until end is called, or refuses it. The returned context is
// done, too, when one of them is to be stopped.
func beginRestart(ctx context.Context, groups []group) (_ context.Context, end func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var taken []*keeper
	end = func() {
		cancel()
		for _, k := range taken {
			k.turn.end()
		}
	}
	for _, g := range groups {
		for _, k := range g.keepers {
			if !k.turn.begin(cancel) {
				end()
				return nil, nil, msg.Errorf(syscall.EBUSY, "%s is being restarted or stopped already", k.name)
			}
			taken = append(taken, k)
		}
	}
	return ctx, end, nil
}

// stopEach stops processes, and before that restarts of them that are under way.
func stopEach(ctx context.Context, groups []group) error {
	for _, g := range groups {
		for _, k := range g.keepers {
			defer k.turn.release()
			if err := k.turn.interrupt(ctx); err != nil {
				return err
			}
		}
	}
	return stop(ctx, groups)
}
