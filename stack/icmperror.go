package stack

import (
	"time"

	"ringstack/stack/wire"
)

// tokens is a token bucket.
type tokens struct {
	rate int // per second, and in a burst
	have int
	last time.Duration
}

// take takes a token if there is one.
func (t *tokens) take(now time.Duration) bool {
	if fresh := int((now - t.last) * time.Duration(t.rate) / time.Second); fresh > 0 || now-t.last > time.Second {
		t.have, t.last = min(t.have+max(fresh, 0), t.rate), now
	}
	if t.have == 0 {
		return false
	}
	t.have--
	return true
}

// How much of an ICMP error there may be, in bytes of IP packet.
const (
	maxError4 = 576          // RFC 1812 section 4.3.2.3
	maxError6 = wire.MinMTU6 // RFC 4443 section 2.4 (c)
)

// icmpError tells the sender of the packet e.in what is wrong with it, where the rules allow that.
func (e *Engine) icmpError(kind, code uint8, rest uint32) {
	in := &e.in
	is4 := in.src.Is4()
	if !e.mayAnswer(is4, kind, code) {
		return
	}
	if !e.errorTokens.take(e.now) { // RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 (f)
		e.stats[ICMPErrorLimited]++
		return
	}
	p, ok := e.answerPath()
	if !ok {
		return
	}
	limit := maxError6 - wire.IPv6Len
	if is4 {
		limit = maxError4 - wire.IPv4Len
	}
	quote := in.b[:min(len(in.b), limit-wire.ICMPLen)]
	e.sendICMP(&p, &wire.ICMP{Type: kind, Code: code, Rest: rest}, quote, 0)
	e.stats[ICMPErrorsOut]++
}

// mayAnswer holds the rules of RFC 1122 section 3.2.2 and RFC 4443 section 2.4 (e).
func (e *Engine) mayAnswer(is4 bool, kind, code uint8) bool {
	in := &e.in
	if !in.src.IsUnicast() {
		return false
	}
	about := !is4 && kind == wire.ICMPv6ParamProblem && code == 2 // may be about a packet to a group
	if (in.group || in.linkCast) && !about {
		return false
	}
	if in.l4 >= len(in.b) || in.l4 == 0 {
		return true
	}
	switch {
	case is4 && in.proto == wire.ProtoICMP:
		return !wire.IsICMPError(in.b[in.l4])
	case !is4 && in.proto == wire.ProtoICMPv6:
		return !wire.IsICMPv6Error(in.b[in.l4]) && in.b[in.l4] != wire.ICMPv6Redirect
	}
	return true
}

// sendICMP sends a message of either version. It reports whether there was a buffer.
func (e *Engine) sendICMP(p *path, h *wire.ICMP, data []byte, tos uint8) bool {
	b := e.open(p, wire.ICMPLen+len(data))
	if b == nil {
		return false
	}
	sum := wire.CopySum(b[wire.ICMPLen:], data)
	proto := wire.ProtoICMP
	if !p.Remote.Is4() {
		proto = wire.ProtoICMPv6
		sum = wire.Join(wire.PseudoSum(&p.Local, &p.Remote, proto, len(b)), 0, sum)
	}
	wire.PutICMP(b, h, sum)
	e.send(&ipHeader{src: p.Local, dst: p.Remote, proto: proto, ttl: p.TTL, tos: tos})
	return true
}
