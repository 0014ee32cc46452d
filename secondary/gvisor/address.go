package gvisor

import (
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
)

// address returns netstack's form of ip; the empty address for an invalid or unspecified one.
func address(ip netip.Addr) tcpip.Address {
	if ip.IsUnspecified() {
		return tcpip.Address{}
	}
	return tcpip.AddrFromSlice(ip.Unmap().AsSlice())
}

func fullAddress(addr netip.AddrPort) tcpip.FullAddress {
	return tcpip.FullAddress{Addr: address(addr.Addr()), Port: addr.Port()}
}

func addrPort(ip tcpip.Address, port uint16) netip.AddrPort {
	addr, _ := netip.AddrFromSlice(ip.AsSlice())
	return netip.AddrPortFrom(addr, port)
}

func protocolAddress(prefix netip.Prefix) tcpip.ProtocolAddress {
	return tcpip.ProtocolAddress{
		Protocol:          family(prefix.Addr()),
		AddressWithPrefix: tcpip.AddressWithPrefix{Address: address(prefix.Addr()), PrefixLen: prefix.Bits()},
	}
}

func family(ip netip.Addr) tcpip.NetworkProtocolNumber {
	if ip.Unmap().Is4() {
		return ipv4.ProtocolNumber
	}
	return ipv6.ProtocolNumber
}

// everywhere returns the default route's destination in the family of gate.
func everywhere(gate netip.Addr) tcpip.Subnet {
	if gate.Unmap().Is4() {
		return header.IPv4EmptySubnet
	}
	return header.IPv6EmptySubnet
}

// networkOf returns the network protocol of a socket that is bound to ip.
func (n *netstack) networkOf(ip netip.Addr) tcpip.NetworkProtocolNumber {
	if !ip.IsValid() {
		return n.wildcard
	}
	return family(ip)
}

// netAddr returns addr as package net has it. An address that netstack leaves empty, all
// addresses, becomes the unspecified one of the network protocol.
func netAddr(transport string, network tcpip.NetworkProtocolNumber, addr netip.AddrPort) net.Addr {
	if !addr.Addr().IsValid() {
		ip := netip.IPv4Unspecified()
		if network == ipv6.ProtocolNumber {
			ip = netip.IPv6Unspecified()
		}
		addr = netip.AddrPortFrom(ip, addr.Port())
	}
	if transport == "tcp" {
		return net.TCPAddrFromAddrPort(addr)
	}
	return net.UDPAddrFromAddrPort(addr)
}
