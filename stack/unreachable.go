package stack

import (
	"syscall"

	"ringstack/stack/wire"
)

// unreach4 are the errors that the codes of an IPv4 destination unreachable message stand for (RFC 792, RFC 1122 section 3.2.2.1,
// RFC 1812 section 5.2.7.1). Code 4 is about the path MTU.
var unreach4 = [...]syscall.Errno{
	0: syscall.ENETUNREACH, 1: syscall.EHOSTUNREACH, 2: syscall.ENOPROTOOPT, 3: syscall.ECONNREFUSED, 4: syscall.EMSGSIZE,
	5: syscall.EHOSTUNREACH, 6: syscall.ENETUNREACH, 7: syscall.EHOSTUNREACH, 8: syscall.EHOSTUNREACH, 9: syscall.EACCES, 10: syscall.EACCES,
	11: syscall.ENETUNREACH, 12: syscall.EHOSTUNREACH, 13: syscall.EACCES, 14: syscall.EHOSTUNREACH, 15: syscall.EHOSTUNREACH,
}

// unreach6 are those of ICMPv6 (RFC 4443 section 3.1).
var unreach6 = [...]syscall.Errno{
	0: syscall.ENETUNREACH, 1: syscall.EACCES, 2: syscall.EHOSTUNREACH, 3: syscall.EHOSTUNREACH, 4: syscall.ECONNREFUSED, 5: syscall.EACCES, 6: syscall.EACCES,
}

// icmpFailure is what an ICMP error says of a packet of ours.
type icmpFailure struct {
	quote wire.Quote
	err   syscall.Errno
	mtu   int  // with EMSGSIZE: of the next link
	local bool // not from a packet: we found out ourselves
}

func (e *Engine) icmp4ErrorInput(h *wire.ICMP) {
	f := icmpFailure{err: syscall.EHOSTUNREACH}
	if !e.quoted(&f) {
		return
	}
	switch h.Type {
	case wire.ICMPUnreachable:
		if int(h.Code) < len(unreach4) {
			f.err = unreach4[h.Code]
		}
		if h.Code == wire.ICMPFragNeeded {
			if f.mtu = int(h.Rest & 0xffff); f.mtu == 0 {
				f.mtu = plateau(f.quote.PacketLen)
			}
		}
	case wire.ICMPParamProblem:
		f.err = syscall.EPROTO
	}
	e.fail(&f)
}

func (e *Engine) icmp6ErrorInput(h *wire.ICMP) {
	f := icmpFailure{err: syscall.EHOSTUNREACH}
	if !e.quoted(&f) {
		return
	}
	switch h.Type {
	case wire.ICMPv6Unreachable:
		if int(h.Code) < len(unreach6) {
			f.err = unreach6[h.Code]
		}
	case wire.ICMPv6PacketTooBig:
		f.err, f.mtu = syscall.EMSGSIZE, int(min(h.Rest, maxPacket))
	case wire.ICMPv6ParamProblem:
		f.err = syscall.EPROTO
		if h.Code == 1 { // unknown next header: nobody there speaks the protocol
			f.err = syscall.ECONNREFUSED
		}
	}
	e.fail(&f)
}

// quoted reads what an error is about: a packet of ours. Errors to groups are attacks.
func (e *Engine) quoted(f *icmpFailure) (ok bool) {
	in := &e.in
	e.stats[ICMPErrorsIn]++
	f.quote, ok = wire.ParseQuote(in.payload()[wire.ICMPLen:])
	if own := e.addresses.find(&f.quote.Src); !ok || in.group || own == nil && !in.loop || f.quote.Src != in.dst {
		e.stats[ICMPErrorUnmatched]++
		return false
	}
	return true
}

// fail tells whoever sent the packet, if anybody did: an error about a packet that nobody here can have sent is forged
// (RFC 5927 section 4).
func (e *Engine) fail(f *icmpFailure) {
	q := &f.quote
	matched := false
	switch q.Proto {
	case wire.ProtoTCP:
		e.tcpFailure(f)
		return
	case wire.ProtoUDP:
		matched = e.udpFailure(f)
	case wire.ProtoICMP, wire.ProtoICMPv6:
		if matched = q.SrcPort == e.pingID; matched {
			e.learnPathMTU(f)
		}
	}
	if !matched {
		e.stats[ICMPErrorUnmatched]++
	}
}

// weakestMTU4 is the least IPv4 path MTU that is believed without a proof that the message's author has seen our packet. A
// datagram socket has no such proof, and tiny fragments help those who forge others (RFC 5927 section 7.1). Fragments carry no DF, so
// that they pass narrower links too.
const weakestMTU4 = 552

// learnPathMTU notes the MTU of a too-big message that somebody here vouches for.
func (e *Engine) learnPathMTU(f *icmpFailure) {
	if f.mtu == 0 {
		return
	}
	if f.quote.Dst.Is4() {
		f.mtu = max(f.mtu, weakestMTU4)
	}
	if p, ok := e.findPath(&f.quote.Src, &f.quote.Dst, anyPort); ok {
		e.reducePathMTU(&p, f.mtu)
	}
}

func (e *Engine) udpFailure(f *icmpFailure) bool {
	q := &f.quote
	slot := e.findSocket(&q.Src, &q.Dst, q.SrcPort, q.DstPort)
	if slot == 0 {
		return false
	}
	e.learnPathMTU(f)
	e.events.SocketError(makeSocketID(slot, e.sockets.list[slot].gen), q.Dst, q.DstPort, f.err)
	return true
}

// hostUnreachable says that nobody answers at the next hop of a packet of ours.
func (e *Engine) hostUnreachable(q *wire.Quote) {
	f := icmpFailure{quote: *q, err: syscall.EHOSTUNREACH, local: true}
	e.fail(&f)
}
