package dispatch

import "encoding/binary"

const (
	tcpMinLen = 20
	udpLen    = 8
	igmpLen   = 8

	tcpSYN = 0x02
	tcpACK = 0x10
)

// transport reads the header above IP. b is the rest of the IP packet.
func (p *Packet) transport(b []byte) Reason {
	if p.Version == 4 && p.Proto == ProtoIGMP {
		return p.igmp(b)
	}
	if p.Fragment == FragmentLater {
		return ReasonNone
	}
	switch {
	case p.Proto == ProtoTCP:
		return p.tcp(b)
	case p.Proto == ProtoUDP:
		return p.udp(b)
	case p.Proto == ProtoICMP && p.Version == 4:
		return p.icmp(b)
	case p.Proto == ProtoICMPv6 && p.Version == 6:
		return p.icmpv6(b)
	}
	return ReasonNone
}

func (p *Packet) tcp(b []byte) Reason {
	if len(b) < tcpMinLen {
		return p.short(ReasonTruncatedTCP)
	}
	header := int(b[12]>>4) * 4
	if header < tcpMinLen {
		return ReasonBadTCPOffset
	}
	if header > len(b) {
		return p.short(ReasonTruncatedTCP)
	}
	p.ports(b)
	p.SYN = b[13]&(tcpSYN|tcpACK) == tcpSYN
	return ReasonNone
}

func (p *Packet) udp(b []byte) Reason {
	if len(b) < udpLen {
		return p.short(ReasonTruncatedUDP)
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length < udpLen || length > len(b) && p.Fragment == FragmentNone {
		return ReasonBadUDPLength
	}
	p.ports(b)
	return ReasonNone
}

// igmp marks the message for all stacks. No honest sender fragments it, so its
// fragments are not worth a copy to everybody.
func (p *Packet) igmp(b []byte) Reason {
	if p.Fragment != FragmentNone {
		return ReasonFragmentedControl
	}
	if len(b) < igmpLen {
		return ReasonTruncatedIGMP
	}
	p.Control = true
	return ReasonNone
}

// ports reads the ports that TCP and UDP headers start with.
func (p *Packet) ports(b []byte) {
	p.Flow.RemotePort = binary.BigEndian.Uint16(b)
	p.Flow.LocalPort = binary.BigEndian.Uint16(b[2:])
	p.HasPorts = true
}

// short turns a missing header into the reason for it: in a first fragment
// this is how filters are got round, see RFC 1858 and 7112.
func (p *Packet) short(r Reason) Reason {
	if p.Fragment == FragmentFirst {
		return ReasonTinyFragment
	}
	return r
}

func portProto(proto uint8) bool { return proto == ProtoTCP || proto == ProtoUDP }
