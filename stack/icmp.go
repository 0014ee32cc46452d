package stack

import "ringstack/stack/wire"

// icmp4Input takes an ICMP message (RFC 792, RFC 1122 section 3.2.2).
func (e *Engine) icmp4Input() {
	h, ok := e.parseICMP(e.in.payload(), 0)
	if !ok {
		return
	}
	switch h.Type {
	case wire.ICMPEcho:
		e.echo(&h, wire.ICMPEchoReply)
	case wire.ICMPEchoReply:
		e.echoReply(&h)
	case wire.ICMPUnreachable, wire.ICMPTimeExceeded, wire.ICMPParamProblem:
		e.icmp4ErrorInput(&h)
	case wire.ICMPRedirect:
		e.redirect4Input(&h)
	default:
		e.stats[ICMPUnknown]++
	}
}

// parseICMP counts and checks an ICMP message; pseudo is the checksum's start.
func (e *Engine) parseICMP(b []byte, pseudo uint32) (h wire.ICMP, ok bool) {
	e.stats[ICMPIn]++
	if h, ok = wire.ParseICMP(b); !ok {
		e.stats[ICMPBad]++
		return h, false
	}
	if wire.Fold(wire.Sum(b, pseudo)) != 0xffff {
		e.stats[ICMPBadSum]++
		return h, false
	}
	return h, true
}

// icmp6Input takes an ICMPv6 message (RFC 4443).
func (e *Engine) icmp6Input() {
	in := &e.in
	b := in.payload()
	h, ok := e.parseICMP(b, wire.PseudoSum(&in.src, &in.dst, wire.ProtoICMPv6, len(b)))
	if !ok {
		return
	}
	switch h.Type {
	case wire.ICMPv6Echo:
		e.echo(&h, wire.ICMPv6EchoReply)
	case wire.ICMPv6EchoReply:
		e.echoReply(&h)
	case wire.ICMPv6Unreachable, wire.ICMPv6PacketTooBig, wire.ICMPv6TimeExceeded, wire.ICMPv6ParamProblem:
		e.icmp6ErrorInput(&h)
	case wire.ICMPv6NeighborSolicit, wire.ICMPv6NeighborAdvert, wire.ICMPv6RouterAdvert, wire.ICMPv6RouterSolicit, wire.ICMPv6Redirect:
		e.ndpInput(h.Type)
	case wire.ICMPv6MLDQuery:
		e.mldInput()
	default:
		e.stats[ICMPUnknown]++
	}
}

// echo answers an echo request with its own data. Requests to groups of IPv4 are not answered (RFC 1122
// section 3.2.2.6 leaves that open): the answers of many are an attack on one.
func (e *Engine) echo(h *wire.ICMP, reply uint8) {
	in := &e.in
	e.stats[ICMPEchoes]++
	if in.group && in.src.Is4() || !in.src.IsUnicast() {
		e.stats[ICMPGroupEcho]++
		return
	}
	p, ok := e.answerPath()
	if !ok {
		return
	}
	e.sendICMP(&p, &wire.ICMP{Type: reply, Rest: h.Rest}, in.payload()[wire.ICMPLen:], in.tos&^wire.ECNMask)
	e.stats[ICMPReplies]++
}

// echoReply hands an answer to whoever asked.
func (e *Engine) echoReply(h *wire.ICMP) {
	e.events.EchoReply(&e.in.src, uint16(h.Rest>>16), uint16(h.Rest), e.in.payload()[wire.ICMPLen:])
}

// answerPath finds the path back to the sender of the packet at hand, from the address that it was sent to.
func (e *Engine) answerPath() (p path, ok bool) {
	var local wire.Addr
	if !e.in.group {
		local = e.in.dst
	}
	if p, ok = e.findPath(&local, &e.in.src, anyPort); !ok {
		e.stats[IPNoRoute]++
	}
	return p, ok
}
