package native

import (
	"runtime"
	"time"

	"ringstack/secondary/engine"
)

// port is a Device that remembers whether it ran out of buffers.
type port struct {
	engine.Device
	id      int
	config  engine.Port // as the stack has it
	blocked bool
}

// Frame implements stack.Device.
func (p *port) Frame(n int) []byte {
	b := p.Device.Frame(n)
	if b == nil {
		p.blocked = true
	}
	return b
}

// blocked reports whether a Device has run out of buffers in this Poll.
func (h *host) blocked() bool {
	for _, p := range h.ports {
		if p.blocked {
			return true
		}
	}
	return false
}

// Input implements engine.Engine. The first frame after a Poll reads the clock for all that follow.
func (h *host) Input(id int, frame []byte) {
	if h.polled {
		h.polled = false
		h.now = max(h.now, time.Since(h.start))
	}
	for i, p := range h.ports {
		if p.id == id {
			h.stack.Input(i, frame, h.now)
			return
		}
	}
	h.stack.Input(-1, frame, h.now) // counts it
}

const (
	retryInterval = time.Millisecond         // how soon Poll tries again after a Device had no buffer
	never         = time.Duration(1<<63 - 1) // the stack's time that does not come
)

// Poll implements engine.Engine.
func (h *host) Poll(now time.Time) time.Time {
	h.now = max(h.now, now.Sub(h.start))
	for _, p := range h.ports {
		p.blocked = false
	}
	if h.detached {
		return h.pollDetached()
	}
	if h.wakeAll() >= h.yielding.from {
		h.yield()
	}
	h.tellReady()
	h.retryUnsent()
	h.serve()
	h.runTimers()
	next := h.stack.Poll(h.now)
	if at, armed := h.timers.Next(); armed {
		next = min(next, at)
	}
	h.wakeAll()
	h.tellReady()
	h.polled = true
	switch {
	case h.blocked():
		return now.Add(retryInterval)
	case next == never:
		return time.Time{}
	}
	return h.start.Add(next)
}

// yielding decides whether the loop lets the goroutines run that it has just woken, so that what they
// write leaves in the same turn. That pays while they are quick; a busy program would starve the loop.
type yielding struct {
	from int // so many goroutines
	rest int // turns without, from now on
}

const (
	yieldFrom  = 4                      // goroutines; fewer are sooner taken by another CPU
	yieldLimit = 200 * time.Microsecond // longer is not quick
	yieldRest  = 100                    // turns without
)

func newYielding() yielding {
	if runtime.GOMAXPROCS(0) == 1 {
		return yielding{from: 1} // there is no other CPU
	}
	return yielding{from: yieldFrom}
}

func (h *host) yield() {
	if h.yielding.rest > 0 {
		h.yielding.rest--
		return
	}
	h.requests.expect()
	before := time.Now()
	runtime.Gosched()
	if time.Since(before) > yieldLimit {
		h.yielding.rest = yieldRest
	}
}
