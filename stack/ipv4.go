package stack

import "ringstack/stack/wire"

// ipv4Input takes the packet e.in.b (RFC 1122 section 3.2.1).
func (e *Engine) ipv4Input() {
	in := &e.in
	e.stats[IPIn]++
	h, ok := wire.ParseIPv4(in.b)
	if !ok {
		e.stats[IPBadHeader]++
		return
	}
	if wire.Fold(wire.Sum(in.b[:h.HeaderLen], 0)) != 0xffff {
		e.stats[IPBadSum]++
		return
	}
	in.b = in.b[:h.TotalLen]
	in.src, in.dst, in.l4, in.proto, in.ttl, in.tos, in.nextAt = h.Src, h.Dst, h.HeaderLen, h.Proto, h.TTL, h.TOS, 9
	if !e.goodSource() || !e.forUs() {
		return
	}
	if h.HeaderLen > wire.IPv4Len && !e.goodOptions(in.b[wire.IPv4Len:h.HeaderLen]) {
		return
	}
	if h.IsFragment() {
		e.fragment4(&h)
		return
	}
	e.deliver()
}

// goodSource reports whether a packet may come from where it says it does (RFC 1122 section 3.2.1.3, RFC 4291 sections 2.5.2,
// 2.5.3 and 2.7).
func (e *Engine) goodSource() bool {
	in := &e.in
	src := &in.src
	bad := src.IsMulticast() || src.IsReserved4()
	if !in.loop {
		bad = bad || src.IsLoopback() || src.IsUnspecified() && !in.dst.IsMulticast() && !in.dst.IsBroadcast()
		if a := e.addresses.find(src); a != nil && (a.kind == unicast || a.kind == subnetCast) {
			bad = true // our own, or a broadcast address
		}
	}
	if bad {
		e.stats[IPBadSource]++
	}
	return !bad
}

// forUs finds out whether the destination is one of ours, and of which kind.
func (e *Engine) forUs() bool {
	in := &e.in
	if in.dst.IsMulticast() || in.dst.IsBroadcast() {
		in.group = true
		if in.loop || in.dst.IsBroadcast() || e.member(in.port, &in.dst) {
			return true
		}
		e.stats[IPNotOurs]++
		return false
	}
	a := e.addresses.find(&in.dst)
	switch {
	case a == nil && in.loop:
		return true // a loopback address: only we can have sent it
	case a == nil || a.kind == duplicated, in.port != nil && a.addr.IsLinkLocal() && a.port != in.port.id:
		e.stats[IPNotOurs]++
		return false
	case a.kind == subnetCast:
		in.group = true
	case a.kind == tentative:
		in.tentative = true
	case in.linkCast:
		// A packet to one host in a frame to all is an attempt to make many answer (RFC 1122 section 3.3.6).
		e.stats[IPBadDestination]++
		return false
	}
	return true
}

func (e *Engine) goodOptions(b []byte) bool {
	switch verdict, at := wire.CheckIPv4Options(b); verdict {
	case wire.OptionsMalformed:
		e.stats[IPBadOptions]++
		e.icmpError(wire.ICMPParamProblem, 0, uint32(wire.IPv4Len+at)<<24)
		return false
	case wire.OptionsSourceRoute:
		e.stats[IPSourceRoute]++
		return false
	}
	return true
}

// deliver hands the packet to its transport protocol.
func (e *Engine) deliver() {
	in := &e.in
	if in.tentative && !in.isNDP() {
		e.stats[IPNotOurs]++ // RFC 4862 section 5.4
		return
	}
	switch in.proto {
	case wire.ProtoTCP:
		e.tcpInput()
	case wire.ProtoUDP:
		e.udpInput()
	case wire.ProtoICMP:
		if in.src.Is4() {
			e.icmp4Input()
			return
		}
		e.noProtocol()
	case wire.ProtoIGMP:
		if in.src.Is4() {
			e.igmpInput()
			return
		}
		e.noProtocol()
	case wire.ProtoICMPv6:
		if !in.src.Is4() {
			e.icmp6Input()
			return
		}
		e.noProtocol()
	case wire.ProtoNoNext:
		e.stats[IP6NoNext]++
	default:
		e.noProtocol()
	}
}

func (e *Engine) noProtocol() {
	e.stats[IPNoProto]++
	if e.in.src.Is4() {
		e.icmpError(wire.ICMPUnreachable, wire.ICMPProtoUnreach, 0)
		return
	}
	e.icmpError(wire.ICMPv6ParamProblem, 1, uint32(e.in.nextAt))
}
