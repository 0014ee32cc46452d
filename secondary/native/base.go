package native

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

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
	host *host

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
	errTold // the application has seen the error
	filled  // a datagram lies in the buffer of the call that slept
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
func (s *base) SetDeadline(t time.Time) error { return s.setDeadlines(t, &s.in, &s.out) }

// SetReadDeadline implements net.Conn.
func (s *base) SetReadDeadline(t time.Time) error { return s.setDeadlines(t, &s.in) }

// SetWriteDeadline implements net.Conn.
func (s *base) SetWriteDeadline(t time.Time) error { return s.setDeadlines(t, &s.out) }

func (s *base) setDeadlines(t time.Time, sides ...*side) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(closed) {
		return s.opError("set", net.ErrClosed)
	}
	for _, side := range sides {
		side.setDeadline(&s.mu, t)
	}
	return nil
}

// budget bounds the bytes that all sockets of an engine queue here. Beyond it received bytes stay in the stack, whose windows then
// close, and writers wait until the stack has room.
const budget = 256 << 20

// charge counts bytes that are queued, or with a negative n no more.
func (h *host) charge(n int) { h.buffered.Add(int64(n)) }

func (h *host) overBudget() bool { return h.buffered.Load() >= budget }

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
}

// opError puts err in a net.OpError, as package net does. It returns nil and io.EOF as they are.
func (s *base) opError(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	network := "tcp"
	if s.udp {
		network = "udp"
	}
	return &net.OpError{Op: op, Net: network, Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: err}
}
