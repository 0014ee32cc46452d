package secondary

import (
	"context"
	"net"
	"net/netip"
)

// resolve turns "host:port" into addresses of the network's version, at least one. An empty host gives one
// without an IP.
func (n network) resolve(ctx context.Context, r *net.Resolver, address string) ([]netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := r.LookupPort(ctx, n.name, service)
	if err != nil {
		return nil, err
	}
	if host == "" {
		return []netip.AddrPort{netip.AddrPortFrom(netip.Addr{}, uint16(port))}, nil
	}
	ips, err := n.lookupIP(ctx, r, host)
	if err != nil {
		return nil, err
	}
	var addrs []netip.AddrPort
	for _, ip := range ips {
		if ip = ip.Unmap(); n.has(ip) {
			addrs = append(addrs, netip.AddrPortFrom(ip, uint16(port)))
		}
	}
	if len(addrs) == 0 {
		return nil, noSuitableAddress(host)
	}
	return addrs, nil
}

func (n network) lookupIP(ctx context.Context, r *net.Resolver, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	return r.LookupNetIP(ctx, n.lookup(), host)
}

func noSuitableAddress(of string) error {
	return &net.AddrError{Err: "no suitable address found", Addr: of}
}
