package secondary

import (
	"context"
	"net"
	"net/netip"
)

// ListenConfig is net.ListenConfig on the stack. The zero value of each field but Secondary is that of listening without it.
type ListenConfig struct {
	// Secondary is whose stack is used.
	Secondary *Secondary

	// KeepAliveConfig is that of the connections that a listener accepts. Without Enable: package net's default.
	KeepAliveConfig net.KeepAliveConfig

	// Control configures the socket before it is bound, with a network as "tcp4" and the address. The connections that a
	// listener accepts are configured as it is. An error ends the call. nil: nothing is configured.
	Control func(network, address string, s *Socket) error
}

// Listen is net.Listen on the stack: network is "tcp", "tcp4" or "tcp6", address "host:port". The
// port is registered with the primary, for both IP versions; the secondaries of one group may share it, and
// errors.Is(err, syscall.EADDRINUSE) says that another group has it. Port 0 chooses a free one. The listener's Accept returns
// that error, too, when another group has the port after a restart of the primary. Connections are TCPConns.
func (s *Secondary) Listen(network, address string) (net.Listener, error) {
	return (&ListenConfig{Secondary: s}).Listen(context.Background(), network, address)
}

// ListenPacket is net.ListenPacket on the stack: network is "udp", "udp4" or "udp6". Ports are as
// for Listen. The socket is a UDPConn.
func (s *Secondary) ListenPacket(network, address string) (net.PacketConn, error) {
	return (&ListenConfig{Secondary: s}).ListenPacket(context.Background(), network, address)
}

// Listen is Secondary.Listen with the options. ctx ends the wait for name servers and for a primary.
func (c *ListenConfig) Listen(ctx context.Context, network, address string) (l net.Listener, err error) {
	b, err := c.prepare(ctx, network, protoTCP, address)
	if err != nil {
		return nil, err
	}
	_, err = b.bind(ctx, func(addr netip.AddrPort) (closer, error) {
		l, err = c.Secondary.engine.ListenTCP(addr, &b.socket.options)
		return l, err
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// ListenPacket is Secondary.ListenPacket with the options. ctx is as for Listen.
func (c *ListenConfig) ListenPacket(ctx context.Context, network, address string) (p net.PacketConn, err error) {
	b, err := c.prepare(ctx, network, protoUDP, address)
	if err != nil {
		return nil, err
	}
	_, err = b.bind(ctx, func(addr netip.AddrPort) (closer, error) {
		p, err = c.Secondary.engine.ListenUDP(addr, &b.socket.options)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// prepare finds out where to listen and how.
func (c *ListenConfig) prepare(ctx context.Context, network string, proto uint8, address string) (*binding, error) {
	b, err := c.Secondary.prepareListen(ctx, network, proto, address)
	if err == nil {
		if err = b.socket.configure(c.KeepAliveConfig, c.Control, b.local); err != nil {
			err = b.failed(err)
		}
	}
	return b, err
}
