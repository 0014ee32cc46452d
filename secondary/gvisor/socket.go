package gvisor

import (
	"io"
	"net"
	"os"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/waiter"
)

// socket is an endpoint with the blocking, deadlines and errors of package net. Any
// goroutine may call its methods.
type socket struct {
	transport     string // "tcp" or "udp"
	ep            tcpip.Endpoint
	events        *waiter.Queue
	local, remote net.Addr
	reading       deadline
	writing       deadline
	closing       sync.Once
	closed        chan struct{}
}

func newSocket(transport string, ep tcpip.Endpoint, events *waiter.Queue) *socket {
	return &socket{transport: transport, ep: ep, events: events, closed: make(chan struct{})}
}

// LocalAddr implements net.Conn; the address stays known after Close.
func (s *socket) LocalAddr() net.Addr { return s.local }

// RemoteAddr implements net.Conn; the address stays known after Close.
func (s *socket) RemoteAddr() net.Addr { return s.remote }

// SetDeadline implements net.Conn.
func (s *socket) SetDeadline(t time.Time) error {
	if err := s.SetReadDeadline(t); err != nil {
		return err
	}
	return s.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (s *socket) SetReadDeadline(t time.Time) error { return s.setDeadline(&s.reading, t) }

// SetWriteDeadline implements net.Conn.
func (s *socket) SetWriteDeadline(t time.Time) error { return s.setDeadline(&s.writing, t) }

func (s *socket) setDeadline(d *deadline, t time.Time) error {
	if isClosed(s.closed) {
		return s.opError("set", net.ErrClosed)
	}
	d.set(t)
	return nil
}

// Close implements net.Conn: it ends all calls that wait with net.ErrClosed.
func (s *socket) Close() error {
	err := net.ErrClosed
	s.closing.Do(func() {
		close(s.closed)
		s.ep.Close()
		err = nil
	})
	return s.opError("close", err)
}

// wait calls try, again after each of the events or an error, until it does not block.
func (s *socket) wait(events waiter.EventMask, d *deadline, try func() tcpip.Error) error {
	entry, ready := waiter.NewChannelEntry(events | waiter.EventErr | waiter.EventHUp)
	s.events.EventRegister(&entry)
	defer s.events.EventUnregister(&entry)
	for {
		if isClosed(s.closed) {
			return net.ErrClosed
		}
		expired := d.expired()
		if isClosed(expired) {
			return os.ErrDeadlineExceeded
		}
		if err := try(); !isBlocked(err) {
			return s.translate(err)
		}
		select {
		case <-ready:
		case <-expired:
		case <-s.closed:
		}
	}
}

func isBlocked(err tcpip.Error) bool {
	_, blocked := err.(*tcpip.ErrWouldBlock)
	return blocked
}

// translate is like the function of this name but says net.ErrClosed for whatever a closed endpoint says.
func (s *socket) translate(err tcpip.Error) error {
	if err != nil && isClosed(s.closed) {
		return net.ErrClosed
	}
	return translate(err)
}

// opError puts err in a net.OpError, as package net does. It returns nil and io.EOF as they are.
func (s *socket) opError(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: s.transport, Source: s.local, Addr: s.remote, Err: err}
}
