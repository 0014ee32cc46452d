package secondary

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// protocol numbers.
const (
	protoTCP = 6
	protoUDP = 17
)

// parseNetwork splits a network name of package net into protocol and IP version (0 for both).
func parseNetwork(network string) (proto uint8, version int, err error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
		proto = protoTCP
	case "udp", "udp4", "udp6":
		proto = protoUDP
	default:
		return 0, 0, net.UnknownNetworkError(network)
	}
	switch network[len(network)-1] {
	case '4':
		version = 4
	case '6':
		version = 6
	}
	return proto, version, nil
}

// resolve turns "host:port" into addresses of the wanted IP version. An empty host gives one
// address without IP. A host name is looked up by the operating system's resolver.
func resolve(ctx context.Context, network string, version int, address string) ([]netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, network, service)
	if err != nil {
		return nil, err
	}
	if host == "" {
		return []netip.AddrPort{netip.AddrPortFrom(unspecified(version), uint16(port))}, nil
	}
	ips, err := lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	var addrs []netip.AddrPort
	for _, ip := range ips {
		if ip = ip.Unmap(); version == 0 || ip.Is4() == (version == 4) {
			addrs = append(addrs, netip.AddrPortFrom(ip, uint16(port)))
		}
	}
	if len(addrs) == 0 {
		return nil, &net.AddrError{Err: fmt.Sprintf("no IPv%d address", version), Addr: host}
	}
	return addrs, nil
}

func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// unspecified returns the address that stands for all of an IP version, invalid for both.
func unspecified(version int) netip.Addr {
	switch version {
	case 4:
		return netip.IPv4Unspecified()
	case 6:
		return netip.IPv6Unspecified()
	}
	return netip.Addr{}
}
