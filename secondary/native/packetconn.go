package native

import (
	"net/netip"
	"syscall"

	"ringstack/secondary/engine"
	"ringstack/stack"
)

// packetConn is a UDP socket whose datagrams its handler takes in the loop: an engine.PacketConn, and a socket.
type packetConn struct {
	host    *host
	id      stack.SocketID
	local   endpoint
	handler engine.PacketHandler
}

// ServeUDP implements engine.Events.
func (h *host) ServeUDP(addr netip.AddrPort, handler engine.PacketHandler) (engine.PacketConn, error) {
	s := &packetConn{host: h, handler: handler}
	if err := h.try(func() (errno syscall.Errno) {
		local, only6 := h.bindAddr(addr.Addr())
		ends := stack.Ends{Local: local, LocalPort: addr.Port(), V6Only: only6}
		s.id, errno = h.openSocket(s, &ends, addr.Addr())
		s.local = endpoint{ends.Local, ends.LocalPort}
		return errno
	}); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *packetConn) datagram(d *stack.Datagram) {
	s.handler(s, endpoint{d.Remote, d.RemotePort}.addrPort(), d.Data)
}

// failed implements socket. An unconnected socket does not hear of errors (RFC 1122 section 4.1.3.3).
func (s *packetConn) failed(syscall.Errno) {}

func (s *packetConn) abandon() {}

// Send implements engine.PacketConn.
func (s *packetConn) Send(to netip.AddrPort, b []byte) error {
	remote := toEndpoint(to)
	d := stack.Datagram{Remote: remote.addr, RemotePort: remote.port, Data: b}
	if errno := s.host.stack.SendUDP(s.id, &d); errno != 0 {
		return errno
	}
	return nil
}

// LocalAddr implements engine.PacketConn.
func (s *packetConn) LocalAddr() netip.AddrPort { return s.local.addrPort() }

// Close implements engine.PacketConn.
func (s *packetConn) Close() error {
	return s.host.do(func() {
		s.host.sockets.drop(uint64(s.id))
		s.host.stack.CloseUDP(s.id)
	})
}
