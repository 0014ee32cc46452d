package supervise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// How ports are looked for.
const (
	portPause    = 20 * time.Millisecond // between two looks
	portPatience = 10 * time.Second
)

// portsBefore returns the ports of a process that is to be restarted. While the primary does not know it, as when it has been restarted itself, it
// waits; what is not known then does not count.
func (k *keeper) portsBefore(ctx context.Context, c *child) (ports []string) {
	if k.ports == nil || c == nil || !k.serves() {
		return nil
	}
	for deadline := time.Now().Add(k.waitPorts); time.Now().Before(deadline); {
		if ports, known := k.ports(c); known {
			return ports
		}
		select {
		case <-c.ended:
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(portPause):
		}
	}
	k.log.Warn().Int("pid", c.pid).Msg("the primary does not know it: its ports are not waited for")
	return nil
}

// awaitPorts waits until a live process listens on the ports that there were before. One that has come to listen on some of them only is thought to
// be another version; one without any has failed.
func (k *keeper) awaitPorts(ctx context.Context, c *child, had []string) error {
	if len(had) == 0 {
		return nil
	}
	for deadline := time.Now().Add(k.waitPorts); ; {
		ports, _ := k.ports(c)
		missing := slices.DeleteFunc(slices.Clone(had), func(port string) bool { return slices.Contains(ports, port) })
		late := time.Now().After(deadline)
		switch {
		case len(missing) == 0:
			return nil
		case late && len(missing) < len(had):
			k.log.Warn().Int("pid", c.pid).Strs("missing", missing).Msg("it does not listen on all the ports that there were before")
			return nil
		case late:
			return fmt.Errorf("does not listen on %s, as there was before", strings.Join(had, ", "))
		}
		select {
		case <-c.ended:
			return fmt.Errorf("ended before it listened on %s: %s", strings.Join(missing, ", "), c.end)
		case <-ctx.Done():
			return errGivenUp
		case <-time.After(portPause):
		}
	}
}

// errGivenUp: it is to be stopped, or the supervisor stops.
var errGivenUp = errors.New("was given up, since something is to be stopped")

// current returns the process that is kept, or nil.
func (k *keeper) current(ctx context.Context) (c *child, err error) {
	err = k.do(ctx, func() { c = k.child })
	return c, err
}

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
