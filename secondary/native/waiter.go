package native

import (
	"sync"
	"time"
)

// waiter is where a call sleeps: a channel with room for its one wake-up.
type waiter chan struct{}

var waiters = sync.Pool{New: func() any { return make(waiter, 1) }}

// side is one direction of a socket. Its fields are guarded by the socket's lock, but for turn.
type side struct {
	turn     sync.Mutex    // held by the one call at work
	sleeper  waiter        // nil: no call sleeps
	buf      []byte        // of the call that sleeps
	done     int           // bytes of buf that the loop has moved
	deadline time.Duration // since epoch; 0: none; or passed
	timer    *time.Timer
}

// passed is a deadline that calls are too late for.
const passed = time.Duration(-1)

// sleep waits for a wake-up. mu, the socket's lock, is held before and after.
func (s *side) sleep(mu *sync.Mutex) {
	w := waiters.Get().(waiter)
	s.sleeper = w
	mu.Unlock()
	<-w
	mu.Lock()
	waiters.Put(w)
}

// wake ends a sleep.
func (s *side) wake() {
	if s.sleeper != nil {
		s.sleeper <- struct{}{}
		s.sleeper = nil
	}
}

// wakeLater ends a sleep when the burst has been read. It belongs to the loop.
func (h *host) wakeLater(s *side) {
	if s.sleeper != nil {
		h.wakes = append(h.wakes, s.sleeper)
		s.sleeper = nil
	}
}

// wakeAll wakes all who are to be woken and returns how many there were.
func (h *host) wakeAll() (n int) {
	for i, w := range h.wakes {
		w <- struct{}{}
		h.wakes[i] = nil
	}
	n = len(h.wakes)
	h.wakes = h.wakes[:0]
	return n
}

// epoch is what deadlines count from.
var epoch = time.Now()

// setDeadline moves the deadline to t; the zero time means never. b, whose side it is, is locked.
func (s *side) setDeadline(b *base, t time.Time) {
	if t.IsZero() {
		s.stop()
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		s.stop()
		s.pass(b)
		return
	}
	s.deadline = time.Since(epoch) + wait
	if s.timer == nil {
		s.timer = time.AfterFunc(wait, func() { s.expire(b) })
	} else {
		s.timer.Reset(wait)
	}
}

// expire is the timer's. The deadline may have moved meanwhile.
func (s *side) expire(b *base) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.deadline > 0 && time.Since(epoch) >= s.deadline {
		s.pass(b)
	}
}

// pass ends the wait of all calls. b is locked.
func (s *side) pass(b *base) {
	s.deadline = passed
	s.wake()
	b.tellTooLate(s)
}

// stop drops the deadline.
func (s *side) stop() {
	s.deadline = 0
	if s.timer != nil {
		s.timer.Stop()
	}
}
