package supervise

import (
	"context"
	"sync"
)

// turn lets one restart of a process be under way, and none while it is to be stopped. The zero value is ready.
type turn struct {
	mu     sync.Mutex
	giveUp context.CancelFunc // of the restart that is under way; nil: there is none
	over   chan struct{}      // closed when that has ended
	stops  int                // that wait or are under way
}

// begin begins a restart that ends soon after giveUp is called, and reports whether it may.
func (t *turn) begin(giveUp context.CancelFunc) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.giveUp != nil || t.stops > 0 {
		return false
	}
	t.giveUp, t.over = giveUp, make(chan struct{})
	return true
}

func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.giveUp = nil
	close(t.over)
}

// interrupt has a restart that is under way give up and waits for its end; none begins until release, which is to be called in any case.
func (t *turn) interrupt(ctx context.Context) error {
	t.mu.Lock()
	t.stops++
	giveUp, over := t.giveUp, t.over
	t.mu.Unlock()
	if giveUp == nil {
		return nil
	}
	giveUp()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *turn) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stops--
}
