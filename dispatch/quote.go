package dispatch

import "encoding/binary"

// portsLen is what a quote must have of a transport header.
const portsLen = 4

// quoteIPv4 replaces the flow by that of the packet quoted in b. It was sent
// from the address that the error came to.
func (p *Packet) quoteIPv4(b []byte) Reason {
	if len(b) < ipv4MinLen || b[0]>>4 != 4 {
		return ReasonBadQuote
	}
	header := int(b[0]&0xf) * 4
	if header < ipv4MinLen || header > len(b) || [4]byte(b[12:]) != [4]byte(p.Flow.Local[12:]) {
		return ReasonBadQuote
	}
	mapV4(&p.Flow.Remote, b[16:20])
	later := binary.BigEndian.Uint16(b[6:])&ipv4OffsetMask != 0
	return p.quoteTransport(b[header:], b[9], later)
}

// quoteIPv6 is quoteIPv4 for ICMPv6.
func (p *Packet) quoteIPv6(b []byte) Reason {
	if len(b) < ipv6Len || b[0]>>4 != 6 || [16]byte(b[8:]) != p.Flow.Local {
		return ReasonBadQuote
	}
	p.Flow.Remote = [16]byte(b[24:])
	var c chain
	if isV4Mapped(&p.Flow.Remote) || c.walk(b[ipv6Len:], b[6]) != ReasonNone {
		return ReasonBadQuote
	}
	return p.quoteTransport(b[ipv6Len+c.offset:], c.proto, c.fragOffset > 0)
}

func (p *Packet) quoteTransport(b []byte, proto uint8, later bool) Reason {
	p.Quoted = true
	p.Flow.Proto = proto
	if later || !portProto(proto) {
		return ReasonNone
	}
	if len(b) < portsLen {
		return ReasonBadQuote
	}
	p.Flow.LocalPort = binary.BigEndian.Uint16(b)
	p.Flow.RemotePort = binary.BigEndian.Uint16(b[2:])
	p.HasPorts = true
	return ReasonNone
}
