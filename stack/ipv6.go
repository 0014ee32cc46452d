package stack

import "ringstack/stack/wire"

// ipv6Input takes the packet e.in.b (RFC 8200).
func (e *Engine) ipv6Input() {
	in := &e.in
	e.stats[IPIn]++
	h, ok := wire.ParseIPv6(in.b)
	if !ok || h.PayloadLen == 0 && h.Next == wire.ProtoHopByHop { // the latter: a jumbogram
		e.stats[IPBadHeader]++
		return
	}
	in.b = in.b[:wire.IPv6Len+h.PayloadLen]
	in.src, in.dst, in.ttl, in.tos = h.Src, h.Dst, h.HopLimit, h.TrafficClass
	in.l4, in.proto, in.nextAt = wire.IPv6Len, h.Next, 6
	switch {
	case h.Src.Is4() || h.Dst.Is4(): // mapped addresses have no place on a wire (RFC 4942 section 2.2)
		e.stats[IPBadSource]++
		return
	case h.Dst.IsUnspecified() || h.Dst.IsLoopback() && !in.loop || h.Dst.IsMulticast() && h.Dst[1]&15 <= 1 && !in.loop:
		e.stats[IPBadDestination]++
		return
	case !e.goodSource() || !e.forUs():
		return
	}
	if in.proto == wire.ProtoTCP || in.proto == wire.ProtoUDP {
		e.deliver()
		return
	}
	e.ipv6Chain()
}

// ipv6Chain walks the extension headers.
func (e *Engine) ipv6Chain() {
	in := &e.in
	c, fault := wire.WalkIPv6(in.b)
	if fault != wire.ChainFine {
		e.chainFault(&c, fault)
		return
	}
	in.proto, in.l4, in.nextAt = c.Proto, c.Offset, c.NextAt
	if c.IsFragment {
		if c.Fragment.More || c.Fragment.Offset != 0 {
			e.fragment6(&c)
			return
		}
		in.whole = true // atomic: complete by itself, whatever else has its ID (RFC 6946 section 4)
	}
	e.deliver()
}

func (e *Engine) chainFault(c *wire.Chain, fault wire.ChainFault) {
	at := uint32(c.FaultAt)
	switch fault {
	case wire.ChainUnknownOption:
		e.stats[IP6UnknownOption]++
		e.icmpError(wire.ICMPv6ParamProblem, 2, at)
	case wire.ChainUnknownUnlessGroup:
		e.stats[IP6UnknownOption]++
		if !e.in.group {
			e.icmpError(wire.ICMPv6ParamProblem, 2, at)
		}
	case wire.ChainDiscard:
		e.stats[IP6UnknownOption]++
	case wire.ChainBadField:
		e.stats[IP6BadExtension]++
		e.icmpError(wire.ICMPv6ParamProblem, 0, at)
	case wire.ChainUnknownNext:
		e.stats[IP6BadExtension]++
		e.icmpError(wire.ICMPv6ParamProblem, 1, at)
	default:
		e.stats[IP6BadExtension]++
	}
}
