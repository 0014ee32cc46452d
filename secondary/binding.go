package secondary

import (
	"context"
	"net"
	"net/netip"

	"ringstack/msg"
)

// binding is an address to open a socket at.
type binding struct {
	network
	s      *Secondary
	socket Socket
	local  netip.AddrPort
}

// prepareListen finds out where to listen.
func (s *Secondary) prepareListen(ctx context.Context, network string, proto uint8, address string) (*binding, error) {
	n, err := parseNetwork(network)
	b := &binding{network: n, s: s, socket: Socket{network: n}}
	if err == nil && address != "" {
		err = b.resolve(ctx, address)
	}
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	if n.proto != proto {
		return nil, b.failed(&net.AddrError{Err: "unexpected address type", Addr: address})
	}
	return b, nil
}

// resolve finds the local address: where a name stands for several, one of IPv4, as in package net.
func (b *binding) resolve(ctx context.Context, address string) error {
	addrs, err := b.s.names.resolve(ctx, nil, b.network, address)
	if err != nil {
		return err
	}
	b.local = addrs[0]
	for _, addr := range addrs {
		if addr.Addr().Is4() {
			b.local = addr
			break
		}
	}
	return nil
}

// failed puts err in what Listen returns.
func (b *binding) failed(err error) error {
	return &net.OpError{Op: "listen", Net: b.name, Addr: b.addr(b.local), Err: callError("bind", err)}
}

type closer interface{ Close() error }

// bind opens a socket and registers its port; port 0 stands for one that belongs to this secondary alone.
func (b *binding) bind(ctx context.Context, open func(netip.AddrPort) (closer, error)) (*registration, error) {
	var r *registration // a new one for each port that is tried: its release works once
	try := func(number uint16) (err error) {
		r = &registration{registry: &b.s.ports, port: msg.PortRequest{Proto: b.proto, Port: number}, lost: make(chan struct{})}
		b.socket.options.Closing = r.release
		if r.socket, err = open(netip.AddrPortFrom(b.bindable(b.local.Addr()), number)); err != nil {
			return err
		}
		if err := r.add(ctx, r); err != nil {
			r.socket.Close()
			return err
		}
		return nil
	}
	var err error
	if port := b.local.Port(); port == 0 {
		err = b.s.leases.withPort(ctx, try)
	} else {
		err = try(port)
	}
	if err != nil {
		return nil, b.failed(err)
	}
	return r, nil
}
