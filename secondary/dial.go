package secondary

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// DialContext is net.Dialer.DialContext on the stack: network is "tcp" or "udp", with 4 or 6 after
// it or not. The local port is one that belongs to this secondary alone, so that replies find it.
func (s *Secondary) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	proto, version, err := parseNetwork(network)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	remotes, err := resolve(ctx, network, version, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	var failed error
	for _, remote := range remotes {
		c, err := s.dialOne(ctx, proto, remote)
		if err == nil {
			return c, nil
		}
		failed = errors.Join(failed, &net.OpError{Op: "dial", Net: network, Addr: addrOf(proto, remote), Err: err})
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

func (s *Secondary) dialOne(ctx context.Context, proto uint8, remote netip.AddrPort) (c net.Conn, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = s.leases.withPort(ctx, func(port uint16) error {
		local := netip.AddrPortFrom(netip.Addr{}, port)
		var err error
		if proto == protoTCP {
			c, err = s.engine.DialTCP(ctx, local, remote)
		} else {
			c, err = s.engine.DialUDP(local, remote)
		}
		return err
	})
	return c, err
}

func addrOf(proto uint8, addr netip.AddrPort) net.Addr {
	if proto == protoTCP {
		return net.TCPAddrFromAddrPort(addr)
	}
	return net.UDPAddrFromAddrPort(addr)
}
