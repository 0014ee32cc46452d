package supervise

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// replace starts a successor beside the process and ends that when the successor listens on the ports
// that it had. After an error the process goes on.
func (k *keeper) replace(ctx context.Context, had []string) error {
	successor, err := k.launch(k.program)
	if err != nil {
		return fmt.Errorf("start a successor: %w", err)
	}
	k.log.Info().Int("pid", successor.pid).Msg("successor started")
	err = k.awaitLive(ctx, successor)
	if err == nil {
		err = k.awaitPorts(ctx, successor, had)
	}
	if err != nil {
		k.retire(successor)
		return fmt.Errorf("the successor %w; %s goes on as before (ff stop and ff start do without one)", err, k.name)
	}
	var old *child
	if err := k.do(ctx, func() { old = k.handOver(successor) }); err != nil || old == nil {
		k.retire(successor)
		return fmt.Errorf("%s was stopped or has ended meanwhile", k.name)
	}
	if err := k.retire(old); err != nil {
		return err
	}
	return k.do(context.Background(), func() {
		k.publish(func(st *status) { st.lastEnd = old.end })
	})
}

// awaitLive waits until a process that is not yet kept is live.
func (k *keeper) awaitLive(ctx context.Context, c *child) error {
	select {
	case <-c.live:
		return nil
	case <-c.ended:
		return fmt.Errorf("ended before it was live: %s", c.end)
	case <-ctx.Done():
		return errGivenUp
	case <-time.After(startPatience):
		return errors.New("was not live in time")
	}
}

// errGivenUp: it is to be stopped, or the supervisor stops.
var errGivenUp = errors.New("was given up, since something is to be stopped")

// handOver keeps a live process from now on in the place of the one that it returns; nil: there is none
// that is live. It belongs to the keeper's goroutine.
func (k *keeper) handOver(successor *child) (old *child) {
	if k.status.state != stateLive {
		return nil
	}
	old, k.child, k.pause = k.child, successor, backoff{}
	k.log.Info().Int("pid", successor.pid).Int("old_pid", old.pid).Msg("successor is live: stopping the old one")
	k.publish(func(st *status) { st.pid, st.since = successor.pid, successor.since })
	return old
}

// retire ends a process that is not kept, or not any more.
func (k *keeper) retire(c *child) error {
	c.signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(k.stopTimeout):
		k.log.Warn().Int("pid", c.pid).Stringer("after", k.stopTimeout).Msg("does not stop: killed")
		c.signal(syscall.SIGKILL)
		select {
		case <-c.ended:
		case <-time.After(killPatience):
			return fmt.Errorf("%s: pid %d does not end, even killed", k.name, c.pid)
		}
	}
	k.log.Info().Int("pid", c.pid).Str("end", c.end).Msg("ended")
	return nil
}
