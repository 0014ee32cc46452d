package secondary

import (
	"context"
	"errors"
	"sync"

	"ringstack/msg"
)

// registry counts this program's sockets on each local port, so that the primary is told of the
// first and of the last.
type registry struct {
	tell func(kind msg.Kind, port msg.PortRequest) error // the primary

	mu    sync.Mutex
	count map[msg.PortRequest]int
}

// add counts a socket that listens on port. It is open already: traffic may come at once.
func (r *registry) add(port msg.PortRequest) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count[port] == 0 {
		if err := r.tell(msg.KindListen, port); err != nil {
			if errors.Is(err, context.DeadlineExceeded) { // the primary will still read it
				r.tell(msg.KindUnlisten, port)
			}
			return err
		}
	}
	if r.count == nil {
		r.count = make(map[msg.PortRequest]int)
	}
	r.count[port]++
	return nil
}

// remove undoes an add. The socket is still open, so that what was dispatched before finds it.
func (r *registry) remove(port msg.PortRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count[port]--; r.count[port] == 0 {
		delete(r.count, port)
		r.tell(msg.KindUnlisten, port) // fails only when the primary is gone, and the port with it
	}
}
