package dispatch

import "encoding/binary"

const (
	ipv6Len       = 40
	maxExtensions = 8
)

// Extension and pseudo header numbers (RFC 8200, 4.1).
const (
	ipv6HopByHop    = 0
	ipv6Routing     = 43
	ipv6Fragment    = 44
	ipv6AH          = 51
	ipv6NoNext      = 59
	ipv6Destination = 60
)

func (p *Packet) ipv6(b []byte) Reason {
	if len(b) < ipv6Len {
		return ReasonTruncatedIPv6
	}
	if b[0]>>4 != 6 {
		return ReasonBadIPVersion
	}
	p.Version = 6
	payload, next := int(binary.BigEndian.Uint16(b[4:])), b[6]
	switch {
	case payload == 0 && next == ipv6HopByHop:
		return ReasonJumbogram
	case payload > len(b)-ipv6Len:
		return ReasonBadIPv6Length
	}
	p.Flow.Remote, p.Flow.Local = [16]byte(b[8:]), [16]byte(b[24:])
	switch {
	case badIPv6Source(&p.Flow.Remote) || p.Flow.Remote == p.Flow.Local:
		return ReasonBadIPv6Source
	case badIPv6Destination(&p.Flow.Local):
		return ReasonBadIPv6Destination
	}
	return p.ipv6Payload(b[ipv6Len:ipv6Len+payload], next)
}

// ipv6Payload walks the extension headers at the start of b, the first of
// which is of type next, and goes on to the transport header.
func (p *Packet) ipv6Payload(b []byte, next uint8) Reason {
	var c chain
	r := c.walk(b, next)
	if c.fragmented {
		if fr := p.ipv6Fragment(&c, len(b)); fr != ReasonNone {
			return fr
		}
	}
	switch {
	case r == ReasonTruncatedIPv6:
		return p.short(r)
	case r != ReasonNone:
		return r
	}
	if c.proto == ipv6NoNext {
		return ReasonNoNextHeader
	}
	p.Proto, p.Flow.Proto = c.proto, c.proto
	p.L4 = p.L3 + ipv6Len + uint16(c.offset)
	if r := p.transport(b[c.offset:]); r != ReasonNone {
		return r
	}
	// RFC 6980: nodes ignore these even in an atomic fragment.
	if p.Control && c.fragmented {
		return ReasonFragmentedControl
	}
	return ReasonNone
}

func (p *Packet) ipv6Fragment(c *chain, payload int) Reason {
	if !c.more && c.fragOffset == 0 {
		return ReasonNone
	}
	p.Proto = c.fragNext
	return p.fragment(fragmentHeader{
		offset: c.fragOffset,
		more:   c.more,
		id:     c.fragID,
		before: c.fragStart - fragmentHeaderLen,
		length: payload - c.fragStart,
	})
}

func badIPv6Source(a *[16]byte) bool {
	return a[0] == 0xff || isV4Mapped(a) || *a == [16]byte{15: 1}
}

func badIPv6Destination(a *[16]byte) bool {
	return isV4Mapped(a) || *a == [16]byte{15: 1} || *a == [16]byte{}
}
