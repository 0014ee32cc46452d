package stack

import (
	"time"

	"ringstack/stack/wire"
)

// A router that forwards a packet back to the link that it came from tells its sender of the better first hop. What it says is kept as a
// route to that one destination.
const (
	maxRedirects  = 64               // of all ports; the oldest goes
	redirectLife  = 10 * time.Minute // no RFC says how long; a router repeats itself when it has to
	redirectsRate = 10               // new ones per second: each makes all flows look for their routes again
)

// redirect4Input takes an ICMP redirect (RFC 1122 section 3.2.2.2), to a network as to a host (section 3.3.1.2). Nothing in IPv4 shows that
// it comes from the link, so it has to quote a packet that somebody here has sent (RFC 5927 section 4).
func (e *Engine) redirect4Input(h *wire.ICMP) {
	e.stats[ICMPRedirects]++
	in := &e.in
	var f icmpFailure
	if !e.quoted(&f) {
		return
	}
	dst, gateway := f.quote.Dst, wire.From4([4]byte{byte(h.Rest >> 24), byte(h.Rest >> 16), byte(h.Rest >> 8), byte(h.Rest)})
	if in.loop || in.linkCast || gateway == dst || !e.onLink(&gateway, in.port.id) || !e.sent(&f.quote) || !e.redirect(&dst, &gateway) {
		e.stats[ICMPRedirectBad]++
	}
}

// redirect6Input takes a redirect (RFC 4861 sections 8.1 and 8.3). ndpInput has seen to it that it comes from the link.
func (e *Engine) redirect6Input() {
	e.stats[ICMPRedirects]++
	in := &e.in
	r, ok := wire.ParseRedirect(in.payload())
	onLink := r.Target == r.Dst
	if !ok || in.group || !in.src.IsLinkLocal() || r.Dst.IsLinkLocal() || !onLink && !r.Target.IsLinkLocal() || !r.Target.IsUnicast() ||
		e.addresses.find(&r.Target) != nil || r.Options.HasTarget && r.Options.Target.IsGroup() {
		e.stats[ICMPRedirectBad]++
		return
	}
	gateway := r.Target
	if onLink {
		gateway = wire.Addr{}
	}
	if !e.redirect(&r.Dst, &gateway) {
		e.stats[ICMPRedirectBad]++
		return
	}
	if r.Options.HasTarget {
		e.neighbours.Learn(int(in.port.id), &r.Target, &r.Options.Target, true, e.now)
	}
}

// redirect makes the route of a redirect. It returns false when the sender of the message at hand is not the first hop to dst now, when an
// administrator has set the way to dst, or when too many redirects come.
func (e *Engine) redirect(dst, gateway *wire.Addr) bool {
	p := e.in.port
	r := e.bestVia(dst, &e.in.src, p.id)
	switch {
	case r == nil || r.prefix.bits == 128 && !r.redirect || !e.redirectTokens.take(e.now):
		return false
	case r.redirect:
		r.gateway, r.expires = *gateway, e.now+redirectLife
		e.flushHops()
		return true
	}
	e.makeRoomForRedirect()
	until := e.now + redirectLife
	e.autoAt = min(e.autoAt, until)
	return e.addRoute(route{prefix: prefix{*dst, 128}, gateway: *gateway, port: p.id, auto: true, redirect: true, expires: until}) == 0
}

// bestVia returns the route to dst through gateway if there is none that is better.
func (e *Engine) bestVia(dst, gateway *wire.Addr, port uint8) *route {
	var best *route
	for i := range e.routes {
		r := &e.routes[i]
		if !r.prefix.contains(dst) {
			continue
		}
		if best == nil {
			best = r
		}
		if r.prefix.bits != best.prefix.bits || r.metric != best.metric {
			break
		}
		if r.gateway == *gateway && r.port == port {
			return r
		}
	}
	return nil
}

// onLink reports whether a lies in one of our networks on a port and is another station's.
func (e *Engine) onLink(a *wire.Addr, port uint8) bool {
	if !a.IsUnicast() || e.addresses.find(a) != nil {
		return false
	}
	for i := range e.routes {
		if r := &e.routes[i]; r.connected && r.port == port && r.prefix.contains(a) {
			return true
		}
	}
	return false
}

// sent reports whether somebody here can have sent the packet that a message quotes.
func (e *Engine) sent(q *wire.Quote) bool {
	switch q.Proto {
	case wire.ProtoTCP:
		return e.tcp.Sent(&q.Src, &q.Dst, q.SrcPort, q.DstPort, q.Seq)
	case wire.ProtoUDP:
		return e.findSocket(&q.Src, &q.Dst, q.SrcPort, q.DstPort) != 0
	case wire.ProtoICMP, wire.ProtoICMPv6:
		return q.SrcPort == e.pingID
	}
	return false
}

// makeRoomForRedirect lets the oldest go when there are as many as may be.
func (e *Engine) makeRoomForRedirect() {
	var oldest *route
	n := 0
	for i := range e.routes {
		r := &e.routes[i]
		if !r.redirect {
			continue
		}
		if n++; oldest == nil || r.expires < oldest.expires {
			oldest = r
		}
	}
	if n >= maxRedirects {
		gone := oldest.prefix
		e.removeRoutes(func(r *route) bool { return r.redirect && r.prefix == gone })
	}
}

// dropRedirects forgets the redirects that match: packets go again to the router that sent them.
func (e *Engine) dropRedirects(match func(*route) bool) {
	for i := range e.routes {
		if r := &e.routes[i]; r.redirect && match(r) {
			e.removeRoutes(func(r *route) bool { return r.redirect && match(r) })
			return
		}
	}
}
