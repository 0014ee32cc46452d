package native

import (
	"sync"

	"ringstack/secondary/engine"
)

// task is what the application wants of the loop.
type task interface{ serve() }

// requests is the list that application goroutines append to and the loop takes.
type requests struct {
	wake func() // the loop

	mu     sync.Mutex
	list   []task
	spare  []task
	awake  bool  // the loop is about to look
	closed error // why the engine has ended
}

// add appends a task and wakes the loop where needed; false: the engine is closed.
func (r *requests) add(t task) bool {
	r.mu.Lock()
	if r.closed != nil {
		r.mu.Unlock()
		return false
	}
	first := len(r.list) == 0 && !r.awake
	r.list = append(r.list, t)
	r.mu.Unlock()
	if first {
		r.wake()
	}
	return true
}

// expect says that the loop will take the list soon.
func (r *requests) expect() {
	r.mu.Lock()
	r.awake = true
	r.mu.Unlock()
}

// take returns the list, valid until the next call.
func (r *requests) take() []task {
	clear(r.spare)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.awake = false
	r.list, r.spare = r.spare[:0], r.list
	return r.spare
}

// close makes add fail and reports whether it was the first to do so.
func (r *requests) close(why error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed != nil {
		return false
	}
	r.closed = engine.Closed(why)
	r.list = nil
	return true
}

// why is the error of calls on an engine that has ended.
func (r *requests) why() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// serve does what the application wants.
func (h *host) serve() {
	for _, t := range h.requests.take() {
		t.serve()
	}
}

// call is a function that the loop runs while its caller waits.
type call struct {
	run  func()
	done chan struct{}
}

func (c *call) serve() {
	c.run()
	close(c.done)
}

// do runs f in the loop. The error says that the engine was closed before.
func (h *host) do(f func()) error {
	c := &call{run: f, done: make(chan struct{})}
	if !h.requests.add(c) {
		return h.requests.why()
	}
	select {
	case <-c.done:
		return nil
	case <-h.ended: // the loop has stopped: whatever it did, it did before
	}
	select {
	case <-c.done:
		return nil
	default:
		return h.requests.why()
	}
}

// order is a function that the loop runs some time.
type order func()

func (f order) serve() { f() }
