package gvisor

import (
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
)

// announce tells the others on the link of the port's new MAC, which netstack does not.
func (l *link) announce() {
	for _, addr := range l.port.Load().Addrs {
		if addr.Addr().Unmap().Is4() {
			l.announceARP(addr.Addr())
		} else {
			l.announceNDP(addr.Addr())
		}
	}
}

// announceARP sends a reply that nobody has asked for (RFC 5227 section 3).
func (l *link) announceARP(addr netip.Addr) {
	b := l.openFrame(header.EthernetBroadcastAddress, arp.ProtocolNumber, header.ARPSize)
	if b == nil {
		return
	}
	own := address(addr)
	h := header.ARP(b)
	h.SetIPv4OverEthernet()
	h.SetOp(header.ARPReply)
	copy(h.HardwareAddressSender(), l.LinkAddress())
	copy(h.ProtocolAddressSender(), own.AsSlice())
	copy(h.HardwareAddressTarget(), header.EthernetBroadcastAddress)
	copy(h.ProtocolAddressTarget(), own.AsSlice())
	l.device.Send()
}

// announceNDP sends an unsolicited advertisement (RFC 4861 section 7.2.6).
func (l *link) announceNDP(addr netip.Addr) {
	option := header.NDPOptionsSerializer{header.NDPTargetLinkLayerAddressOption(l.LinkAddress())}
	size := header.ICMPv6NeighborAdvertMinimumSize + option.Length()
	own, all := address(addr), header.IPv6AllNodesMulticastAddress
	b := l.openFrame(header.EthernetAddressFromMulticastIPv6Address(all), ipv6.ProtocolNumber, header.IPv6MinimumSize+size)
	if b == nil {
		return
	}
	header.IPv6(b).Encode(&header.IPv6Fields{
		PayloadLength: uint16(size), TransportProtocol: header.ICMPv6ProtocolNumber, HopLimit: header.NDPHopLimit, SrcAddr: own, DstAddr: all,
	})
	icmp := header.ICMPv6(b[header.IPv6MinimumSize:])
	icmp.SetType(header.ICMPv6NeighborAdvert)
	advert := header.NDPNeighborAdvert(icmp.MessageBody())
	advert.SetTargetAddress(own)
	advert.SetOverrideFlag(true)
	advert.Options().Serialize(option)
	icmp.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: icmp, Src: own, Dst: all}))
	l.device.Send()
}

// openFrame returns n zero bytes behind an Ethernet header, or nil when there is no buffer.
func (l *link) openFrame(dst tcpip.LinkAddress, kind tcpip.NetworkProtocolNumber, n int) []byte {
	b := l.device.Frame(header.EthernetMinimumSize + n)
	if b == nil {
		return nil
	}
	clear(b)
	header.Ethernet(b).Encode(&header.EthernetFields{SrcAddr: l.LinkAddress(), DstAddr: dst, Type: kind})
	return b[header.EthernetMinimumSize:]
}
