package secondary

import (
	"net"
	"net/netip"
)

// protocol numbers.
const (
	protoTCP = 6
	protoUDP = 17
)

// network is a network of package net: "tcp", "udp", or one of them with the IP version behind it.
type network struct {
	name    string
	proto   uint8
	version int // 0: both
}

func parseNetwork(name string) (n network, err error) {
	switch name {
	case "tcp", "tcp4", "tcp6":
		n.proto = protoTCP
	case "udp", "udp4", "udp6":
		n.proto = protoUDP
	default:
		return network{}, net.UnknownNetworkError(name)
	}
	switch name[len(name)-1] {
	case '4':
		n.version = 4
	case '6':
		n.version = 6
	}
	n.name = name
	return n, nil
}

// of is the network's name with the version of ip behind it.
func (n network) of(ip netip.Addr) string {
	switch {
	case n.version != 0:
		return n.name
	case ip.Is4():
		return n.name + "4"
	}
	return n.name + "6"
}

// lookup is the network to look host names up for.
func (n network) lookup() string {
	switch n.version {
	case 4:
		return "ip4"
	case 6:
		return "ip6"
	}
	return "ip"
}

// has reports whether ip, which is not an IPv4-mapped one, is of the network's version.
func (n network) has(ip netip.Addr) bool { return n.version == 0 || ip.Is4() == (n.version == 4) }

// addr is an address as package net has it.
func (n network) addr(addr netip.AddrPort) net.Addr {
	if n.proto == protoTCP {
		return net.TCPAddrFromAddrPort(addr)
	}
	return net.UDPAddrFromAddrPort(addr)
}

// wildcard reports whether ip stands for all local addresses.
func wildcard(ip netip.Addr) bool { return !ip.IsValid() || ip.IsUnspecified() }

// bindable is the engine's form of an address to listen at: as in package net, only the network's name decides whether all
// addresses means those of one version.
func (n network) bindable(ip netip.Addr) netip.Addr {
	switch {
	case !wildcard(ip):
		return ip
	case n.version == 4:
		return netip.IPv4Unspecified()
	case n.version == 6:
		return netip.IPv6Unspecified()
	}
	return netip.Addr{}
}

// reachable is where a connection to ip goes: all local addresses stand for this very program, as in package net.
func (n network) reachable(ip netip.Addr) netip.Addr {
	switch {
	case !wildcard(ip):
		return ip
	case n.version == 6 || ip.Is6():
		return netip.IPv6Loopback()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}
