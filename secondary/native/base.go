package native

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"ringstack/secondary/engine"
	"ringstack/stack/wire"
)

// endpoint is one end of a socket.
type endpoint struct {
	addr wire.Addr
	port uint16
}

func (p endpoint) addrPort() netip.AddrPort { return netip.AddrPortFrom(p.addr.Netip(), p.port) }

func toEndpoint(a netip.AddrPort) endpoint { return endpoint{wire.FromNetip(a.Addr()), a.Port()} }

// base is what all sockets have.
type base struct {
	host    *host
	options *engine.Options
	ready   func(engine.Ready) // of SetReady

	mu            sync.Mutex
	in, out       side
	flags         flags
	udp           bool
	local, remote endpoint // zero: none
}

// flags are bits of base.flags.
type flags uint16

const (
	asked     flags = 1 << iota // the socket is on the list of requests
	closed                      // by the application
	gone                        // the stack does not know it any more
	abandoned                   // the engine has ended
	taken                       // by Accept, and the stack is to be told
	held                        // received bytes wait in the stack for room
	eof                         // the peer's stream has ended
	readShut                    // CloseRead
	finAsked                    // CloseWrite
	finSent
	errTold   // the application has seen the error
	filled    // a datagram lies in the buffer of the call that slept
	wantRead  // ready is to be called when there is something to read
	wantWrite // ready is to be called when there is room
	only6     // bound to all addresses of IPv6, and to none of IPv4
)

func (s *base) has(f flags) bool { return s.flags&f != 0 }
func (s *base) set(f flags)      { s.flags |= f }
func (s *base) clear(f flags)    { s.flags &^= f }

// ask puts the socket on the list of requests; t is the socket. The lock is held.
func (s *base) ask(t task) {
	if !s.has(asked | gone) {
		s.set(asked)
		s.host.requests.add(t)
	}
}

// netAddr returns an end as package net has it.
func (s *base) netAddr(p endpoint) net.Addr {
	switch {
	case p == endpoint{}:
		return nil
	case s.udp:
		return net.UDPAddrFromAddrPort(p.addrPort())
	}
	return net.TCPAddrFromAddrPort(p.addrPort())
}

// LocalAddr implements net.Conn; the address stays known after Close.
func (s *base) LocalAddr() net.Addr { return s.netAddr(s.local) }

// RemoteAddr implements net.Conn; the address stays known after Close.
func (s *base) RemoteAddr() net.Addr { return s.netAddr(s.remote) }

// SetDeadline implements net.Conn.
func (s *base) SetDeadline(t time.Time) error { return s.setError(s.setDeadlines(t, &s.in, &s.out)) }

// SetReadDeadline implements net.Conn.
func (s *base) SetReadDeadline(t time.Time) error { return s.setError(s.setDeadlines(t, &s.in)) }

// SetWriteDeadline implements net.Conn.
func (s *base) SetWriteDeadline(t time.Time) error { return s.setError(s.setDeadlines(t, &s.out)) }

func (s *base) setDeadlines(t time.Time, sides ...*side) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(closed) {
		return net.ErrClosed
	}
	for _, side := range sides {
		side.setDeadline(s, t)
	}
	return nil
}

// budget bounds the bytes that all sockets of an engine queue here. Beyond it received bytes stay in the stack, whose windows then
// close, and writers wait until the stack has room.
const budget = 256 << 20

// charge counts bytes that are queued, or with a negative n no more.
func (h *host) charge(n int) { h.buffered.Add(int64(n)) }

func (h *host) overBudget() bool { return h.buffered.Load() >= budget }

// leave tells that Close was called.
func (s *base) leave() {
	if closing := s.options.Closing; closing != nil {
		closing()
	}
}

// close marks the socket as closed and wakes all its calls; false: it was. The lock is held.
func (s *base) close() bool {
	if s.has(closed) {
		return false
	}
	s.set(closed)
	s.halt()
	return true
}

// halt drops the deadlines and wakes all calls.
func (s *base) halt() {
	for _, side := range []*side{&s.in, &s.out} {
		side.stop()
		side.wake()
	}
}

// abandon ends the socket with the engine, which has been closed. The lock is held.
func (s *base) abandon() {
	s.set(gone | abandoned)
	s.halt()
	s.notify(wantRead, engine.Readable)
	s.notify(wantWrite, engine.Writable)
}

// later makes the loop run f, which changes the socket in the stack, unless that does not know it any more.
func (s *base) later(f func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(closed) {
		return net.ErrClosed
	}
	if !s.has(gone) {
		s.host.requests.add(order(f))
	}
	return nil
}

// opError puts err in a net.OpError, as package net does; an errno is that of the system call that the kernel would have failed. It
// returns nil and io.EOF as they are.
func (s *base) opError(op, call string, err error) error {
	return s.failure(op, call, s.LocalAddr(), s.RemoteAddr(), err)
}

// setError is opError for settings that package net reports without the remote end.
func (s *base) setError(err error) error {
	return s.failure("set", "setsockopt", nil, s.LocalAddr(), err)
}

func (s *base) failure(op, call string, source, addr net.Addr, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(call, errno)
	}
	return &net.OpError{Op: op, Net: s.network(), Source: source, Addr: addr, Err: err}
}

func (s *base) network() string {
	switch {
	case s.options.Network != "":
		return s.options.Network
	case s.udp:
		return "udp"
	}
	return "tcp"
}
