package secondary

import (
	"sync"

	"ringstack/msg"
)

// registry counts this program's sockets on each local port, so that the primary is told of the
// first and of the last.
type registry struct {
	mu    sync.Mutex
	count map[msg.PortRequest]int
}

// register tells the primary that a socket listens on port. The caller's socket is open already:
// traffic may come at once.
func (s *Secondary) register(port msg.PortRequest) error {
	r := &s.ports
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count[port] == 0 {
		if err := s.call(msg.KindListen, port, nil); err != nil {
			return err
		}
	}
	if r.count == nil {
		r.count = make(map[msg.PortRequest]int)
	}
	r.count[port]++
	return nil
}

// unregister undoes a register. The socket is still open, so that what was dispatched before finds it.
func (s *Secondary) unregister(port msg.PortRequest) {
	r := &s.ports
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count[port]--; r.count[port] == 0 {
		delete(r.count, port)
		s.call(msg.KindUnlisten, port, nil) // fails only when the primary is gone, and the port with it
	}
}
