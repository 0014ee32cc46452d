package supervise

import (
	"fmt"
	"syscall"
	"time"
)

// run is the keeper's goroutine, until orders is closed.
func (k *keeper) run() {
	for {
		var live, ended chan struct{}
		if k.child != nil {
			ended = k.child.ended
			if k.status.state == stateStarting {
				live = k.child.live
			}
		}
		select {
		case f, open := <-k.orders:
			if !open {
				return
			}
			f()
		case <-live:
			k.log.Info().Int("pid", k.child.pid).Stringer("took", time.Since(k.child.since).Round(time.Millisecond)).Msg("live")
			k.publish(func(st *status) { st.state = stateLive })
		case <-ended:
			k.bury()
		case <-k.timer.C:
			k.expire()
		}
	}
}

// obey does what order asks for.
func (k *keeper) obey(run bool) (ends int) {
	ends = k.status.ends
	if k.status.state == stateStopping {
		ends++
	}
	k.wanted = run
	switch st := k.status.state; {
	case run && (st == stateStopped || st == stateWaiting):
		k.pause = backoff{}
		k.spawn()
	case !run && st == stateWaiting:
		k.timer.Stop()
		k.publish(func(st *status) { st.state = stateStopped })
	case !run && (st == stateStarting || st == stateLive):
		k.terminate()
	}
	return ends
}

// spawn starts a process.
func (k *keeper) spawn() {
	k.timer.Stop()
	c, err := k.launch(k.program)
	if err != nil {
		k.finish(err.Error(), 0)
		return
	}
	k.child, k.killed = c, false
	k.log.Info().Int("pid", c.pid).Msg("started")
	k.publish(func(st *status) { st.state, st.pid, st.since = stateStarting, c.pid, c.since })
}

// terminate tells the process to end.
func (k *keeper) terminate() {
	k.log.Info().Int("pid", k.child.pid).Msg("stopping")
	k.child.signal(syscall.SIGTERM)
	k.timer.Reset(k.stopTimeout)
	k.publish(func(st *status) { st.state = stateStopping })
}

// expire ends the pause of a waiting keeper, or the patience with a process that does not end.
func (k *keeper) expire() {
	switch k.status.state {
	case stateWaiting:
		k.spawn()
	case stateStopping:
		k.log.Warn().Int("pid", k.child.pid).Stringer("after", k.stopTimeout).Msg("does not stop: killed")
		k.killed = true
		k.child.signal(syscall.SIGKILL)
	}
}

// bury takes note of the end of the process.
func (k *keeper) bury() {
	c := k.child
	end := c.end
	if k.killed {
		end += fmt.Sprintf(", since it did not stop within %v", k.stopTimeout)
	}
	k.child = nil
	k.finish(end, time.Since(c.since))
}

// finish goes on after the end of a process that has lived so long, or that did not start.
func (k *keeper) finish(end string, lived time.Duration) {
	stopping := k.status.state == stateStopping
	next := stateStopped
	var pause time.Duration
	k.timer.Stop()
	if k.wanted {
		next = stateWaiting
		if !stopping {
			pause = k.pause.next(lived)
		}
		k.timer.Reset(pause)
	}
	entry := k.log.Warn()
	if stopping {
		entry = k.log.Info()
	}
	entry = entry.Str("end", end).Stringer("lived", lived.Round(time.Millisecond))
	if k.wanted {
		entry = entry.Stringer("again_in", pause)
	}
	entry.Msg("ended")
	k.publish(func(st *status) {
		st.state, st.pid, st.lastEnd, st.retryAt = next, 0, end, time.Now().Add(pause)
		st.ends++
		if k.wanted && !stopping {
			st.restarts++
		}
	})
}
