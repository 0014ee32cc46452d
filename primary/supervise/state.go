package supervise

import (
	"context"
	"time"

	"ringstack/msg"
)

// state of a keeper.
type state uint8

const (
	stateStopped  state = iota
	stateStarting       // its process does not do its work yet
	stateLive
	stateStopping // its process was told to end
	stateWaiting  // its process has ended and is to be started again
)

var stateNames = [...]string{"stopped", "starting", "live", "stopping", "waiting"}

func (s state) String() string { return stateNames[s] }

// status is what a keeper tells about itself.
type status struct {
	state    state
	pid      int
	since    time.Time // of the process, or of the pause
	restarts int
	ends     int // processes that have ended, or did not start
	lastEnd  string
	retryAt  time.Time // of stateWaiting
}

// look returns the status, and a channel that is closed when it changes.
func (k *keeper) look() (status, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.status, k.changed
}

// await waits until the status is as wanted, or ctx is done.
func (k *keeper) await(ctx context.Context, ok func(status) bool) (status, error) {
	for {
		st, changed := k.look()
		if ok(st) {
			return st, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return st, ctx.Err()
		}
	}
}

// publish changes the status. Only the keeper's goroutine calls it.
func (k *keeper) publish(change func(*status)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(&k.status)
	close(k.changed)
	k.changed = make(chan struct{})
}

// unit describes the keeper for tools.
func (k *keeper) unit() msg.Unit {
	st, _ := k.look()
	u := msg.Unit{Name: k.name, State: st.state.String(), PID: st.pid, Restarts: st.restarts, LastEnd: st.lastEnd}
	if st.pid != 0 {
		u.Uptime = time.Since(st.since).Seconds()
	}
	if st.state == stateWaiting {
		u.RetryIn = max(0, time.Until(st.retryAt).Seconds())
	}
	return u
}
