package secondary

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"ringstack/msg"
)

// Listen is net.Listen on the stack: network is "tcp", "tcp4" or "tcp6", address "host:port". The
// port is registered with the primary; the secondaries of one group may share it, and
// errors.Is(err, syscall.EADDRINUSE) says that another group has it. Port 0 chooses a free one.
func (s *Secondary) Listen(network, address string) (net.Listener, error) {
	var l net.Listener
	port, err := s.bind(network, protoTCP, address, func(addr netip.AddrPort) (closer, error) {
		var err error
		l, err = s.engine.ListenTCP(addr)
		return l, err
	})
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	return &listener{Listener: l, s: s, port: port}, nil
}

// ListenPacket is net.ListenPacket on the stack: network is "udp", "udp4" or "udp6". Ports are as
// for Listen.
func (s *Secondary) ListenPacket(network, address string) (net.PacketConn, error) {
	var c net.PacketConn
	port, err := s.bind(network, protoUDP, address, func(addr netip.AddrPort) (closer, error) {
		var err error
		c, err = s.engine.ListenUDP(addr)
		return c, err
	})
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	return &packetConn{PacketConn: c, s: s, port: port}, nil
}

type closer interface{ Close() error }

// bind opens a socket and registers its port.
func (s *Secondary) bind(network string, want uint8, address string, open func(netip.AddrPort) (closer, error)) (msg.PortRequest, error) {
	proto, version, err := parseNetwork(network)
	if err == nil && proto != want {
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return msg.PortRequest{}, err
	}
	addrs, err := resolve(context.Background(), network, version, address)
	if err != nil {
		return msg.PortRequest{}, err
	}
	port := msg.PortRequest{Proto: proto, Port: addrs[0].Port()}
	try := func(number uint16) error {
		port.Port = number
		socket, err := open(netip.AddrPortFrom(addrs[0].Addr(), number))
		if err != nil {
			return err
		}
		if err := s.ports.add(port); err != nil {
			socket.Close()
			return err
		}
		return nil
	}
	if port.Port == 0 {
		err = s.leases.withPort(context.Background(), try)
	} else {
		err = try(port.Port)
	}
	return port, err
}

// listener unregisters its port when it is closed.
type listener struct {
	net.Listener
	s    *Secondary
	port msg.PortRequest
	once sync.Once
}

func (l *listener) Close() error {
	l.once.Do(func() { l.s.ports.remove(l.port) })
	return l.Listener.Close()
}

// packetConn unregisters its port when it is closed.
type packetConn struct {
	net.PacketConn
	s    *Secondary
	port msg.PortRequest
	once sync.Once
}

func (c *packetConn) Close() error {
	c.once.Do(func() { c.s.ports.remove(c.port) })
	return c.PacketConn.Close()
}
