package secondary

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"ringstack/msg"
	"ringstack/secondary/engine"
)

// drain is how far a secondary has come that is to get no new connections. Any goroutine may use it.
type drain struct {
	asked atomic.Bool   // for, by the program or by the primary
	begun chan struct{} // closed when none come any more
	once  sync.Once

	mu     sync.Mutex
	by     time.Time // when the primary wants it to be over; zero: it does not say
	unsaid bool      // a hello is on its way, or has just been answered, that says nothing of it
}

// ask notes that the secondary is to drain, and reports whether it was not before.
func (d *drain) ask(by time.Time) (first bool) {
	if !by.IsZero() {
		d.mu.Lock()
		d.by = by
		d.mu.Unlock()
	}
	return !d.asked.Swap(true)
}

func (d *drain) begin() { d.once.Do(func() { close(d.begun) }) }

// tell returns what the next primary has to know, or nil. Then said is to be called when it has been told or not.
func (d *drain) tell() *msg.Drain {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.unsaid = !d.asked.Load(); d.unsaid {
		return nil
	}
	if d.by.IsZero() {
		return &msg.Drain{}
	}
	return &msg.Drain{LeftMS: max(time.Until(d.by).Milliseconds(), 1)}
}

// said ends what tell has begun, and reports whether the secondary has been asked to drain meanwhile.
func (d *drain) said() (late bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	late = d.unsaid && d.asked.Load()
	d.unsaid = false
	return late
}

// isUnsaid reports whether a primary is about to be there that has not been told.
func (d *drain) isUnsaid() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.unsaid
}

// nothingNew is the primary's word that it dispatches no new connections to this secondary. Those that it has dispatched before are on the
// rings; listeners are needed until these have been accepted. It runs in the loop.
func (s *Secondary) nothingNew(payload []byte) error {
	var m msg.Drain
	if err := json.Unmarshal(payload, &m); err != nil {
		return msg.Errorf(syscall.EINVAL, "parse drain request: %v", err)
	}
	s.takeFrames()
	if m.LeftMS > 0 {
		by := time.Now().Add(time.Duration(min(m.LeftMS, msg.MaxDrainMS)) * time.Millisecond)
		s.drain.ask(by)
		go s.shutdownBy(by)
	}
	go s.beginDrain()
	return nil
}

// beginDrain says that no new connections come once those are accepted that are on their way.
func (s *Secondary) beginDrain() {
	ctx, cancel := context.WithTimeout(s.ctx, acceptPatience)
	defer cancel()
	time.Sleep(flowPause) // for a stack that has goroutines of its own
	s.awaitFlows(ctx, func(state engine.FlowState) bool { return state == engine.FlowHalfOpen || state == engine.FlowComing })
	s.drain.begin()
}

func (s *Secondary) shutdownBy(t time.Time) {
	ctx, cancel := context.WithDeadline(context.Background(), t)
	defer cancel()
	s.Shutdown(ctx) // the program sees Done
}
