package stack

import (
	"ringstack/stack/reasm"
	"ringstack/stack/wire"
)

// fragment4 takes a piece of an IPv4 datagram.
func (e *Engine) fragment4(h *wire.IPv4) {
	in := &e.in
	e.reassemble(&reasm.Fragment{
		Key:    reasm.Key{Src: h.Src, Dst: h.Dst, ID: uint32(h.ID), Proto: h.Proto, Port: in.portID()},
		Offset: h.FragOffset, More: h.MF, ECN: h.TOS & wire.ECNMask,
		Data: in.payload(), Header: in.b[:in.l4],
	})
}

// fragment6 takes a piece of an IPv6 datagram, which is not atomic.
func (e *Engine) fragment6(c *wire.Chain) {
	in := &e.in
	f := reasm.Fragment{
		Key:    reasm.Key{Src: in.src, Dst: in.dst, ID: c.Fragment.ID, Port: in.portID()},
		Offset: c.Fragment.Offset, More: c.Fragment.More, ECN: in.tos & wire.ECNMask,
		Data: in.payload(), Header: in.b[:c.FragmentAt], NextAt: c.BeforeNext, Next: c.Fragment.Next,
	}
	if f.Offset == 0 && !wholeChain(in.b[c.Offset:], c.Fragment.Next) {
		// RFC 7112 section 5: the first fragment has all headers.
		e.stats[IPFragmentDrops]++
		e.icmpError(wire.ICMPv6ParamProblem, 3, 0)
		return
	}
	switch e.reassemble(&f) {
	case reasm.BadLength:
		e.icmpError(wire.ICMPv6ParamProblem, 0, 4)
	case reasm.TooLong:
		e.icmpError(wire.ICMPv6ParamProblem, 0, uint32(c.FragmentAt+2))
	}
}

// wholeChain reports whether b, which starts with a header of type next, reaches into the transport header.
func wholeChain(b []byte, next uint8) bool {
	for {
		switch next {
		case wire.ProtoHopByHop, wire.ProtoRouting, wire.ProtoDestination:
			if len(b) < 8 || len(b) < (int(b[1])+1)*8 {
				return false
			}
			next, b = b[0], b[(int(b[1])+1)*8:]
		case wire.ProtoTCP:
			return len(b) >= wire.TCPLen
		case wire.ProtoUDP, wire.ProtoICMPv6:
			return len(b) >= 8
		default:
			return true
		}
	}
}

func (e *Engine) reassemble(f *reasm.Fragment) reasm.Result {
	e.stats[IPFragmentsIn]++
	b, result := e.fragments.Add(f, e.now)
	switch result {
	case reasm.Done:
		e.stats[IPReassembled]++
		in := &e.in
		e.in = packet{b: b, port: in.port, loop: in.loop, linkCast: in.linkCast, whole: true}
		if f.Src.Is4() {
			e.ipv4Input()
		} else {
			e.ipv6Input()
		}
	case reasm.Held:
	default:
		e.stats[IPFragmentDrops]++
	}
	return result
}

func (p *packet) portID() uint16 {
	if p.port == nil {
		return noPort
	}
	return uint16(p.port.id)
}

// expireFragments gives up what was not completed in time, and says so to the sender when the first fragment has come
// (RFC 792, RFC 4443 section 3.3).
func (e *Engine) expireFragments() {
	for e.fragments.Len() > 0 {
		first, key, ok := e.fragments.Expire(e.now)
		if !ok {
			return
		}
		e.stats[IPFragmentDrops]++
		if first == nil || key.Port == noPort {
			continue
		}
		e.in = packet{b: first, port: &e.ports[key.Port], src: key.Src, dst: key.Dst, proto: key.Proto}
		e.in.group = key.Dst.IsMulticast() || key.Dst.IsBroadcast()
		kind := wire.ICMPv6TimeExceeded
		if key.Src.Is4() {
			kind = wire.ICMPTimeExceeded
		}
		e.icmpError(kind, wire.CodeReassembly, 0)
	}
}
