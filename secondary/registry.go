package secondary

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"

	"ringstack/msg"
	"ringstack/shm"
)

// errOffline: there is no primary now.
var errOffline = errors.New("there is no primary")

// registry has this program's sockets on each local port, so that the primary is told of the
// first and of the last.
type registry struct {
	tell   func(kind msg.Kind, port msg.PortRequest) error // the primary; errOffline when there is none
	online func(context.Context) error                     // waits for one

	turn sync.Mutex // held while the primary is told, so that it is told in order

	mu   sync.Mutex
	open map[msg.PortRequest][]*registration
}

// registration is a socket's part in the registry. One that listens is open before it is in, and as long as it is.
type registration struct {
	*registry
	port   msg.PortRequest
	socket closer // nil: it connects
	once   sync.Once
	lost   chan struct{} // closed when another group has the port; nil for a connection
	why    error         // the port is lost
	losing sync.Once
}

// add enters a socket. Traffic may come at once. While there is no primary it waits for one, until ctx is done.
func (r *registry) add(ctx context.Context, s *registration) error {
	for {
		err := r.tryAdd(s)
		if !errors.Is(err, errOffline) {
			return err
		}
		if err := r.online(ctx); err != nil {
			return err
		}
	}
}

func (r *registry) tryAdd(s *registration) error {
	r.turn.Lock()
	defer r.turn.Unlock()
	if len(r.on(s.port)) == 0 {
		if err := r.tell(msg.KindListen, s.port); err != nil {
			if errors.Is(err, context.DeadlineExceeded) { // the primary will still read it
				r.tell(msg.KindUnlisten, s.port)
			}
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = make(map[msg.PortRequest][]*registration)
	}
	r.open[s.port] = append(r.open[s.port], s)
	return nil
}

// release takes the socket out; it is still open, so that what was dispatched before finds it.
func (s *registration) release() {
	s.once.Do(func() {
		s.turn.Lock()
		defer s.turn.Unlock()
		if s.remove(s) {
			s.tell(msg.KindUnlisten, s.port) // fails only when the primary is gone; see update
		}
	})
}

// remove takes a socket out and reports whether it was its port's last.
func (r *registry) remove(s *registration) (last bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.open[s.port]
	rest := slices.DeleteFunc(slices.Clone(before), func(other *registration) bool { return other == s })
	if len(rest) > 0 {
		r.open[s.port] = rest
	} else {
		delete(r.open, s.port)
	}
	return len(rest) == 0 && len(before) > 0
}

func (r *registry) on(port msg.PortRequest) []*registration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[port]
}

// list returns all ports.
func (r *registry) list() (ports []msg.PortRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for port := range r.open {
		ports = append(ports, port)
	}
	return ports
}

// update tells a new primary, which was told of ports, of those that have been closed since, and of those that the last one had agreed to
// just before it went. It returns those that are refused.
func (r *registry) update(ports []msg.PortRequest) (refused []shm.Refusal) {
	r.turn.Lock()
	defer r.turn.Unlock()
	for _, port := range ports {
		if len(r.on(port)) == 0 {
			r.tell(msg.KindUnlisten, port)
		}
	}
	for _, port := range r.list() {
		if slices.Contains(ports, port) {
			continue
		}
		if err := r.tell(msg.KindListen, port); errors.As(err, new(*msg.Error)) {
			refused = append(refused, shm.Refusal{Proto: port.Proto, Port: port.Port, Errno: int32(errnoOf(err)), Error: err.Error()})
		}
	}
	return refused
}

// lose closes the sockets on ports that others have now.
func (r *registry) lose(refused []shm.Refusal) {
	for _, refusal := range refused {
		port := msg.PortRequest{Proto: refusal.Proto, Port: refusal.Port}
		err := &msg.Error{Errno: syscall.Errno(refusal.Errno), Text: fmt.Sprintf("lost after a restart of the primary: %s", refusal.Error)}
		for _, s := range r.on(port) {
			r.remove(s)
			s.fail(err)
		}
	}
}

// failer is a socket that can be closed for a reason, which calls on it then return.
type failer interface{ Fail(why error) }

// Lost implements EventListener and EventSocket.
func (s *registration) Lost() <-chan struct{} { return s.lost }

// Err implements EventListener and EventSocket.
func (s *registration) Err() error {
	select {
	case <-s.lost:
		return s.why
	default:
		return nil
	}
}

// fail closes a socket that listens, once: two primaries, one after the other, may refuse its port. A connection on the port hears no more.
func (s *registration) fail(err error) {
	if s.socket == nil {
		return
	}
	s.losing.Do(func() {
		s.why = err
		close(s.lost)
		if socket, ok := s.socket.(failer); ok {
			socket.Fail(err)
		} else {
			s.socket.Close()
		}
	})
}
