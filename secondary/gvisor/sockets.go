package gvisor

import (
	"context"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"ringstack/secondary/engine"
)

// backlog is the most connections that a listener keeps until Accept, and the half-open
// ones above which it answers with SYN cookies.
const backlog = 4096

// ListenTCP implements engine.Engine.
func (n *netstack) ListenTCP(addr netip.AddrPort, o *engine.Options) (net.Listener, error) {
	s, err := n.open("tcp", addr, netip.AddrPort{}, o, func(ep tcpip.Endpoint) tcpip.Error {
		ep.SocketOptions().SetReuseAddress(true) // the port's closing connections are no obstacle
		if err := ep.Bind(fullAddress(addr)); err != nil {
			return err
		}
		return ep.Listen(backlog)
	})
	if err != nil {
		return nil, err
	}
	accepting := *s.options
	accepting.Closing = nil
	return tcpListener{s, &accepting}, nil
}

// ListenUDP implements engine.Engine.
func (n *netstack) ListenUDP(addr netip.AddrPort, o *engine.Options) (net.PacketConn, error) {
	s, err := n.open("udp", addr, netip.AddrPort{}, o, func(ep tcpip.Endpoint) tcpip.Error {
		ep.SocketOptions().SetBroadcast(true) // as package net does
		return ep.Bind(fullAddress(addr))
	})
	if err != nil {
		return nil, err
	}
	return udpConn{s}, nil
}

// DialUDP implements engine.Engine.
func (n *netstack) DialUDP(local, remote netip.AddrPort, o *engine.Options) (net.Conn, error) {
	s, err := n.open("udp", local, remote, o, func(ep tcpip.Endpoint) tcpip.Error {
		ep.SocketOptions().SetBroadcast(true)
		return n.connect(ep, fullAddress(local), fullAddress(remote))
	})
	if err != nil {
		return nil, err
	}
	return udpConn{s}, nil
}

// DialTCP implements engine.Engine.
func (n *netstack) DialTCP(ctx context.Context, local, remote netip.AddrPort, o *engine.Options) (net.Conn, error) {
	s, err := n.open("tcp", local, remote, o, func(ep tcpip.Endpoint) tcpip.Error {
		return n.connect(ep, fullAddress(local), fullAddress(remote))
	})
	if err != nil {
		return nil, err
	}
	if err := s.connected(ctx); err != nil {
		s.ep.Close()
		return nil, err
	}
	c, err := newTCPConn(s)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// connect binds ep and begins to connect it.
func (n *netstack) connect(ep tcpip.Endpoint, local, remote tcpip.FullAddress) tcpip.Error {
	if local.Addr.Len() == 0 {
		// Netstack reserves a port under the address of Bind and releases it under the one of Connect:
		// without an address here the port would never be free again.
		route, err := n.stack.FindRoute(0, local.Addr, remote.Addr, ep.Info().(*stack.TransportEndpointInfo).NetProto, false)
		if err != nil {
			return err
		}
		local.Addr = route.LocalAddress()
		route.Release()
	}
	if err := ep.Bind(local); err != nil {
		return err
	}
	err := ep.Connect(remote)
	if _, started := err.(*tcpip.ErrConnectStarted); started {
		return nil
	}
	return err
}

// connected waits for the end of the handshake.
func (s *socket) connected(ctx context.Context) error {
	entry, ready := waiter.NewChannelEntry(waiter.WritableEvents)
	s.events.EventRegister(&entry)
	defer s.events.EventUnregister(&entry)
	for s.ep.Readiness(waiter.WritableEvents) == 0 {
		select {
		case <-ready:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return translate(s.ep.LastError())
}

// open makes an endpoint and lets start bind it, and connect it when remote is valid.
func (n *netstack) open(transport string, local, remote netip.AddrPort, o *engine.Options, start func(tcpip.Endpoint) tcpip.Error) (*socket, error) {
	s := newSocket(transport, orUsual(o), nil, new(waiter.Queue))
	network := n.networkOf(local.Addr())
	if remote.IsValid() {
		network = n.networkOf(remote.Addr())
		s.remote = netAddr(transport, network, remote)
	}
	if err := n.enter(); err != nil {
		return nil, err
	}
	defer n.leave()
	ep, err := n.stack.NewEndpoint(protocol(transport), network, s.events)
	if err != nil {
		return nil, translate(err)
	}
	ep.SocketOptions().SetV6Only(local.Addr() == netip.IPv6Unspecified())
	if err = configure(ep, s.options); err == nil {
		err = start(ep)
	}
	bound := tcpip.FullAddress{}
	if err == nil {
		bound, err = ep.GetLocalAddress()
	}
	if err != nil {
		ep.Close()
		return nil, translate(err)
	}
	s.ep = ep
	s.local = netAddr(transport, network, addrPort(bound.Addr, bound.Port))
	return s, nil
}

func protocol(transport string) tcpip.TransportProtocolNumber {
	if transport == "tcp" {
		return tcp.ProtocolNumber
	}
	return udp.ProtocolNumber
}
