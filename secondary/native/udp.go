package native

import (
	"net"
	"net/netip"
	"syscall"

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
}

// ListenUDP implements engine.Engine.
func (h *host) ListenUDP(addr netip.AddrPort) (net.PacketConn, error) {
	return h.openUDP("listen", stack.Ends{Local: h.bindAddr(addr.Addr()), LocalPort: addr.Port()}, addr.Addr())
}

// DialUDP implements engine.Engine.
func (h *host) DialUDP(local, remote netip.AddrPort) (net.Conn, error) {
	return h.openUDP("dial", stack.Ends{
		Local: wire.FromNetip(local.Addr()), LocalPort: local.Port(), Remote: wire.FromNetip(remote.Addr()), RemotePort: remote.Port(),
	}, local.Addr())
}

func (h *host) openUDP(op string, ends stack.Ends, local netip.Addr) (*udpConn, error) {
	s := &udpConn{base: base{
		host: h, udp: true, local: endpoint{ends.Local, ends.LocalPort}, remote: endpoint{ends.Remote, ends.RemotePort},
	}}
	var errno syscall.Errno
	err := h.do(func() { errno = h.bindUDP(s, ends, local, op == "dial") })
	if err == nil && errno != 0 {
		err = errno
	}
	if err != nil {
		return nil, s.opError(op, err)
	}
	return s, nil
}

func (h *host) bindUDP(s *udpConn, ends stack.Ends, local netip.Addr, connect bool) (errno syscall.Errno) {
	if errno = h.bindable(local); errno != 0 && !local.IsMulticast() {
		return errno
	}
	if connect && ends.RemotePort == 0 {
		return syscall.EINVAL
	}
	if s.id, errno = h.stack.OpenUDP(ends); errno != 0 {
		return errno
	}
	h.stack.SetUDP(s.id, h.settings.ttl, 0)
	ends, _ = h.stack.Ends(s.id)
	s.local = endpoint{ends.Local, ends.LocalPort}
	for int(uint32(s.id)) >= len(h.sockets) {
		h.sockets = append(h.sockets, nil)
	}
	h.sockets[uint32(s.id)] = s
	return 0
}

// Read implements net.Conn.
func (s *udpConn) Read(b []byte) (int, error) {
	n, _, err := s.ReadFromUDPAddrPort(b)
	return n, err
}

// ReadFrom implements net.PacketConn.
func (s *udpConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.ReadFromUDPAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// ReadFromUDPAddrPort reads a datagram and tells its source. What does not fit into b is lost.
func (s *udpConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	s.in.turn.Lock()
	n, from, err := s.receive(b)
	s.in.turn.Unlock()
	if err != nil {
		return n, netip.AddrPort{}, s.opError("read", err)
	}
	return n, from.addrPort(), nil
}

func (s *udpConn) receive(b []byte) (int, endpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if err := s.failure(&s.in); err != nil {
			return 0, endpoint{}, err
		}
		if s.rx.n > 0 {
			n, from := s.rx.next(b)
			s.host.charge(-s.rx.skip())
			return min(n, len(b)), from, nil
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

// failure returns why a call on a side cannot go on. An error of the network is told once.
func (s *udpConn) failure(side *side) error {
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
func (s *udpConn) Write(b []byte) (int, error) { return s.send(b, endpoint{}) }

// WriteTo implements net.PacketConn; addr is a *net.UDPAddr.
func (s *udpConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	to, ok := addr.(*net.UDPAddr)
	if !ok || to == nil {
		return 0, s.opError("write", syscall.EINVAL)
	}
	return s.WriteToUDPAddrPort(b, to.AddrPort())
}

// WriteToUDPAddrPort sends a datagram to addr.
func (s *udpConn) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	to := toEndpoint(addr)
	switch {
	case s.remote != endpoint{}:
		return 0, s.opError("write", net.ErrWriteToConnected)
	case to.port == 0 || to.addr.IsUnspecified():
		return 0, s.opError("write", syscall.EINVAL)
	}
	return s.send(b, to)
}

func (s *udpConn) send(b []byte, to endpoint) (int, error) {
	s.out.turn.Lock()
	err := s.queue(b, to)
	s.out.turn.Unlock()
	if err != nil {
		return 0, s.opError("write", err)
	}
	return len(b), nil
}

// queue waits until the datagram fits.
func (s *udpConn) queue(b []byte, to endpoint) error {
	remote := to
	if to == (endpoint{}) {
		remote = s.remote
	}
	switch {
	case remote == endpoint{}:
		return syscall.EDESTADDRREQ
	case len(b) > maxDatagram(remote.addr):
		return syscall.EMSGSIZE
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if err := s.failure(&s.out); err != nil {
			return err
		}
		if s.tx.add(b, to) {
			s.host.charge(datagramHeader + len(b))
			s.ask(s)
			return nil
		}
		s.out.sleep(&s.mu)
	}
}

// maxDatagram is the longest payload in bytes (RFC 768, RFC 791, RFC 8200).
func maxDatagram(remote wire.Addr) int {
	if remote.Is4() {
		return 65535 - wire.IPv4Len - wire.UDPLen
	}
	return 65535 - wire.UDPLen
}

// Close implements net.Conn. What was written is still sent.
func (s *udpConn) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.close() {
		return s.opError("close", net.ErrClosed)
	}
	s.host.charge(-s.rx.n)
	s.rx.reset()
	s.ask(s)
	return nil
}
