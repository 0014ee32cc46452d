package native

import (
	"errors"
	"net"
	"net/netip"
	"syscall"

	"ringstack/secondary/engine"
	"ringstack/stack"
	"ringstack/stack/wire"
)

// udpConn is a UDP socket: a net.Conn and a net.PacketConn with what net.UDPConn has. Any goroutine may call its exported methods.
type udpConn struct {
	base
	id     stack.SocketID // the loop's
	rx, tx datagrams
	from   endpoint      // of the datagram that the loop put into the memory of the call that slept
	err    syscall.Errno // for the next call: what an ICMP error said, or why a datagram did not leave
	why    error         // of Fail
}

// ListenUDP implements engine.Engine.
func (h *host) ListenUDP(addr netip.AddrPort, o *engine.Options) (net.PacketConn, error) {
	local, only6 := h.bindAddr(addr.Addr())
	s, err := h.openUDP(stack.Ends{Local: local, LocalPort: addr.Port(), V6Only: only6}, addr.Addr(), o)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// DialUDP implements engine.Engine.
func (h *host) DialUDP(local, remote netip.AddrPort, o *engine.Options) (net.Conn, error) {
	if remote.Port() == 0 {
		return nil, syscall.EINVAL
	}
	s, err := h.openUDP(stack.Ends{
		Local: wire.FromNetip(local.Addr()), LocalPort: local.Port(), Remote: wire.FromNetip(remote.Addr()), RemotePort: remote.Port(),
	}, local.Addr(), o)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (h *host) openUDP(ends stack.Ends, local netip.Addr, o *engine.Options) (*udpConn, error) {
	o = orUsual(o)
	s := &udpConn{base: base{host: h, options: o, udp: true, remote: endpoint{ends.Remote, ends.RemotePort}}}
	s.rx.limit, s.tx.limit = datagramLimit(o.ReadBuffer), datagramLimit(o.WriteBuffer)
	if ends.V6Only {
		s.set(only6)
	}
	err := h.try(func() (errno syscall.Errno) {
		s.id, errno = h.openSocket(s, &ends, local)
		s.local = endpoint{ends.Local, ends.LocalPort}
		if errno == 0 && o.TTL != 0 {
			h.stack.SetUDP(s.id, uint8(o.TTL), 0)
		}
		return errno
	})
	return s, err
}

// Read implements net.Conn.
func (s *udpConn) Read(b []byte) (int, error) {
	n, _, err := s.receive(b)
	return n, s.opError("read", "read", err)
}

// ReadFrom implements net.PacketConn.
func (s *udpConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.ReadFromUDP(b)
	if err != nil {
		return n, nil, err
	}
	return n, from, nil
}

// ReadFromUDP is ReadFrom with the address of a UDP socket.
func (s *udpConn) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	n, from, err := s.ReadFromUDPAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// ReadFromUDPAddrPort reads a datagram and tells its source. What does not fit into b is lost.
func (s *udpConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, from, err := s.receive(b)
	if err != nil {
		return n, netip.AddrPort{}, s.opError("read", "recvfrom", err)
	}
	return n, from.addrPort(), nil
}

func (s *udpConn) receive(b []byte) (int, endpoint, error) {
	s.in.turn.Lock()
	defer s.in.turn.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if n, from, err := s.next(b); err != errAgain {
			return n, from, err
		}
		s.in.buf = b
		s.in.sleep(&s.mu)
		s.in.buf = nil
		if s.has(filled) {
			s.clear(filled)
			return s.in.done, s.from, nil
		}
	}
}

// next takes the first datagram, or returns errAgain when there is none.
func (s *udpConn) next(b []byte) (int, endpoint, error) {
	if err := s.trouble(&s.in); err != nil {
		return 0, endpoint{}, err
	}
	if s.rx.n == 0 {
		return 0, endpoint{}, errAgain
	}
	n, from := s.rx.next(b)
	s.host.charge(-s.rx.skip())
	return min(n, len(b)), from, nil
}

// trouble returns why a call on a side cannot go on. An error of the network is told once.
func (s *udpConn) trouble(side *side) error {
	if s.why != nil {
		return s.why
	}
	if err := side.failed(&s.base); err != nil {
		return err
	}
	if err := s.err; err != 0 {
		s.err = 0
		return err
	}
	return nil
}

// Write implements net.Conn.
func (s *udpConn) Write(b []byte) (int, error) {
	if s.remote == (endpoint{}) {
		return 0, s.opError("write", "write", syscall.EDESTADDRREQ)
	}
	if err := s.send(b, endpoint{}); err != nil {
		return 0, s.opError("write", "write", err)
	}
	return len(b), nil
}

// errMissingAddress is package net's.
var errMissingAddress = errors.New("missing address")

// WriteTo implements net.PacketConn; addr is a *net.UDPAddr.
func (s *udpConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	to, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, &net.OpError{Op: "write", Net: s.network(), Source: s.LocalAddr(), Addr: addr, Err: syscall.EINVAL}
	}
	return s.WriteToUDP(b, to)
}

// WriteToUDP is WriteTo with the address of a UDP socket.
func (s *udpConn) WriteToUDP(b []byte, addr *net.UDPAddr) (int, error) {
	if addr == nil {
		return 0, s.failure("write", "sendto", s.LocalAddr(), nil, errMissingAddress)
	}
	return s.writeTo(b, addr.AddrPort(), addr)
}

// WriteToUDPAddrPort sends a datagram to addr.
func (s *udpConn) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	return s.writeTo(b, addr, nil)
}

// writeTo sends a datagram; name is addr for an error, nil when the caller has none.
func (s *udpConn) writeTo(b []byte, addr netip.AddrPort, name *net.UDPAddr) (int, error) {
	err := s.mayReach(addr)
	if err == nil {
		err = s.send(b, toEndpoint(addr))
	}
	if err == nil {
		return len(b), nil
	}
	if name == nil {
		name = net.UDPAddrFromAddrPort(addr)
	}
	return 0, s.failure("write", "sendto", s.LocalAddr(), name, err)
}

// mayReach returns why a datagram cannot go to addr.
func (s *udpConn) mayReach(addr netip.AddrPort) error {
	ip := addr.Addr().Unmap()
	switch {
	case s.remote != endpoint{}:
		return net.ErrWriteToConnected
	case !ip.IsValid():
		return errMissingAddress
	case s.local.addr.Is4() && !ip.Is4():
		return &net.AddrError{Err: "non-IPv4 address", Addr: ip.String()}
	case ip.Is4() && (s.has(only6) || !s.local.addr.Is4() && !s.local.addr.IsUnspecified()):
		return syscall.ENETUNREACH
	case addr.Port() == 0 || ip.IsUnspecified():
		return syscall.EINVAL
	}
	return nil
}

func (s *udpConn) send(b []byte, to endpoint) error {
	s.out.turn.Lock()
	defer s.out.turn.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if err := s.queue(b, to); err != errAgain {
			return err
		}
		s.out.sleep(&s.mu)
	}
}

// queue queues a datagram, or returns errAgain when there is no room for it.
func (s *udpConn) queue(b []byte, to endpoint) error {
	if err := s.trouble(&s.out); err != nil {
		return err
	}
	remote := to
	if to == (endpoint{}) {
		remote = s.remote
	}
	if len(b) > maxDatagram(remote.addr) {
		return syscall.EMSGSIZE
	}
	if !s.tx.add(b, to) {
		return errAgain
	}
	s.host.charge(datagramHeader + len(b))
	s.ask(s)
	return nil
}

// maxDatagram is the longest payload in bytes (RFC 768, RFC 791, RFC 8200).
func maxDatagram(remote wire.Addr) int {
	if remote.Is4() {
		return 65535 - wire.IPv4Len - wire.UDPLen
	}
	return 65535 - wire.UDPLen
}

// SetTTL sets the TTL and hop limit of what is sent: 1 to 255.
func (s *udpConn) SetTTL(ttl int) error {
	if !validTTL(ttl) {
		return s.opError("set", "setsockopt", syscall.EINVAL)
	}
	return s.opError("set", "setsockopt", s.later(func() { s.host.stack.SetUDP(s.id, uint8(ttl), 0) }))
}

// SetReadBuffer bounds the bytes of datagrams that wait to be read.
func (s *udpConn) SetReadBuffer(bytes int) error { return s.setBuffer(&s.rx, bytes) }

// SetWriteBuffer bounds the bytes of datagrams that wait to be sent.
func (s *udpConn) SetWriteBuffer(bytes int) error { return s.setBuffer(&s.tx, bytes) }

func (s *udpConn) setBuffer(q *datagrams, bytes int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.has(closed):
		return s.setError(net.ErrClosed)
	case bytes <= 0:
		return s.setError(syscall.EINVAL)
	}
	q.limit = datagramLimit(bytes)
	return nil
}

// Fail closes the socket. Reading and writing then return why.
func (s *udpConn) Fail(why error) {
	s.mu.Lock()
	s.why = why
	s.mu.Unlock()
	s.Close()
}

// Close implements net.Conn. What was written is still sent.
func (s *udpConn) Close() error {
	s.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.close() {
		return s.opError("close", "close", net.ErrClosed)
	}
	s.host.charge(-s.rx.n)
	s.rx.reset()
	s.ask(s)
	return nil
}
