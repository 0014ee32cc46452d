package gvisor

import (
	"cmp"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/waiter"

	"ringstack/secondary/engine"
)

// socket is an endpoint with the blocking, deadlines and errors of package net. Any
// goroutine may call its methods.
type socket struct {
	transport     string // "tcp" or "udp"
	options       *engine.Options
	ep            tcpip.Endpoint
	events        *waiter.Queue
	local, remote net.Addr
	reading       deadline
	writing       deadline
	closing       sync.Once
	closed        chan struct{}
}

func newSocket(transport string, o *engine.Options, ep tcpip.Endpoint, events *waiter.Queue) *socket {
	return &socket{transport: transport, options: o, ep: ep, events: events, closed: make(chan struct{})}
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
		return s.failure("set", "", nil, s.local, net.ErrClosed)
	}
	d.set(t)
	return nil
}

// Close implements net.Conn: it ends all calls that wait with net.ErrClosed.
func (s *socket) Close() error { return s.shut(s.local, s.remote) }

// shut is Close, with what an error names.
func (s *socket) shut(source, addr net.Addr) error {
	if s.options.Closing != nil {
		s.options.Closing()
	}
	err := net.ErrClosed
	s.closing.Do(func() {
		close(s.closed)
		s.ep.Close()
		err = nil
	})
	return s.failure("close", "close", source, addr, err)
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

// opError puts err in a net.OpError, as package net does; an errno is that of the system call that the kernel would have failed. It
// returns nil and io.EOF as they are.
func (s *socket) opError(op, call string, err error) error {
	return s.failure(op, call, s.local, s.remote, err)
}

func (s *socket) failure(op, call string, source, addr net.Addr, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(call, errno)
	}
	return &net.OpError{Op: op, Net: cmp.Or(s.options.Network, s.transport), Source: source, Addr: addr, Err: err}
}
