package stack

import (
	"ringstack/stack/neigh"
	"ringstack/stack/wire"
)

// ndpHops is the hop limit of neighbour discovery: no router forwards with it left (RFC 4861 section 3.1).
const ndpHops = 255

// ndpInput takes a neighbour discovery message that came as one packet, from the link (RFC 4861 sections 6.1, 7.1 and 8.1;
// RFC 6980 section 5).
func (e *Engine) ndpInput(kind uint8) {
	in := &e.in
	if in.ttl != ndpHops || in.whole || in.loop {
		e.stats[NDPBad]++
		return
	}
	switch kind {
	case wire.ICMPv6NeighborSolicit:
		e.solicitInput()
	case wire.ICMPv6NeighborAdvert:
		e.advertInput()
	case wire.ICMPv6RouterAdvert:
		e.routerAdvertInput()
	case wire.ICMPv6Redirect:
		e.redirect6Input()
	}
}

// isNDP reports whether the packet is a neighbour discovery message.
func (p *packet) isNDP() bool {
	if p.proto != wire.ProtoICMPv6 || p.l4 >= len(p.b) {
		return false
	}
	kind := p.b[p.l4]
	return kind >= wire.ICMPv6RouterSolicit && kind <= wire.ICMPv6Redirect
}

func (e *Engine) solicitInput() {
	in := &e.in
	n, ok := wire.ParseNeighbor(in.payload())
	probe := in.src.IsUnspecified()
	if !ok || probe && (n.Options.HasSource || !in.dst.IsSolicitedNode()) || n.Options.HasSource && n.Options.Source.IsGroup() {
		e.stats[NDPBad]++
		return
	}
	own := e.addresses.find(&n.Target)
	if own == nil || own.port != in.port.id || own.kind == duplicated {
		return
	}
	if own.kind == tentative {
		e.solicitForTentative(own, &n, probe)
		return
	}
	switch {
	case probe && e.speaks():
		e.sendAdvert(in.port, &own.addr, &wire.AllNodes, nil, wire.NDPOverride)
	case probe:
	default:
		e.answerSolicit(own, &n)
	}
}

// answerSolicit learns the asker's address and answers (RFC 4861 sections 7.2.3 and 7.2.4).
func (e *Engine) answerSolicit(own *address, n *wire.Neighbor) {
	in := &e.in
	if n.Options.HasSource && n.Options.Source != in.port.config.MAC {
		e.neighbours.Learn(int(in.port.id), &in.src, &n.Options.Source, true, e.now)
	}
	if e.speaks() {
		e.sendAdvert(in.port, &own.addr, &in.src, &n.Options, wire.NDPSolicited|wire.NDPOverride)
	}
}

func (e *Engine) advertInput() {
	in := &e.in
	n, ok := wire.ParseNeighbor(in.payload())
	if !ok || in.group && n.Flags&wire.NDPSolicited != 0 || n.Options.HasTarget && n.Options.Target.IsGroup() {
		e.stats[NDPBad]++
		return
	}
	if own := e.addresses.find(&n.Target); own != nil {
		e.advertOfOurs(own, &n)
		return
	}
	// RFC 4861 section 7.2.5: no entry is made, unless others ask in our name.
	e.neighbours.Advertise(int(in.port.id), &n.Target, &neigh.Advert{
		MAC: n.Options.Target, HasMAC: n.Options.HasTarget,
		Solicited: n.Flags&wire.NDPSolicited != 0, Override: n.Flags&wire.NDPOverride != 0, Router: n.Flags&wire.NDPRouter != 0,
	}, e.shares() && !in.group, e.now)
}

// advertOfOurs is an advertisement for an address of ours that did not come from us.
func (e *Engine) advertOfOurs(own *address, n *wire.Neighbor) {
	in := &e.in
	switch {
	case own.port != in.port.id || n.Options.HasTarget && n.Options.Target == in.port.config.MAC:
	case own.kind == tentative:
		e.duplicate(own, &n.Options.Target)
	case own.kind == unicast:
		e.stats[NDPConflict]++
		addr := own.addr
		e.conflict(in.port, &addr, &n.Options.Target)
	}
}

// sendSolicit asks for target: its solicited-node group when to is nil.
func (e *Engine) sendSolicit(p *port, src, target *wire.Addr, to *wire.MAC) {
	dst := *target
	if to == nil {
		dst = target.SolicitedNode()
		mac := wire.MulticastMAC(&dst)
		to = &mac
	}
	n := wire.Neighbor{Target: *target, Options: wire.NDPOptions{HasSource: true, Source: p.config.MAC}}
	e.sendNeighbor(p, wire.ICMPv6NeighborSolicit, &n, src, &dst, to)
}

// sendAdvert says that target is ours: to all nodes, or to a neighbour, whose address is in its options or known.
func (e *Engine) sendAdvert(p *port, target, dst *wire.Addr, from *wire.NDPOptions, flags uint32) {
	n := wire.Neighbor{Target: *target, Flags: flags, Options: wire.NDPOptions{HasTarget: true, Target: p.config.MAC}}
	e.stats[NDPAdverts]++
	switch {
	case dst.IsMulticast():
		mac := wire.MulticastMAC(dst)
		e.sendNeighbor(p, wire.ICMPv6NeighborAdvert, &n, target, dst, &mac)
	case from.HasSource:
		e.sendNeighbor(p, wire.ICMPv6NeighborAdvert, &n, target, dst, &from.Source)
	default:
		e.routeAdvert(p, &n, target, dst)
	}
}

// routeAdvert answers a neighbour that did not say its Ethernet address: it asks for that first.
func (e *Engine) routeAdvert(p *port, n *wire.Neighbor, src, dst *wire.Addr) {
	way := path{Local: *src, Remote: *dst, MTU: int32(p.mtu6), Path: e.findHop(p.id, hopNeighbour, dst)}
	b := e.open(&way, wire.NeighborLen(n))
	if b == nil {
		return
	}
	wire.PutNeighbor(b, wire.ICMPv6NeighborAdvert, n, src, dst)
	e.send(&ipHeader{src: *src, dst: *dst, proto: wire.ProtoICMPv6, ttl: ndpHops})
}

func (e *Engine) sendNeighbor(p *port, kind uint8, n *wire.Neighbor, src, dst *wire.Addr, to *wire.MAC) {
	b := e.openLink(p, to, wire.IPv6Len, wire.NeighborLen(n))
	if b == nil {
		return
	}
	wire.PutNeighbor(b, kind, n, src, dst)
	e.send(&ipHeader{src: *src, dst: *dst, proto: wire.ProtoICMPv6, ttl: ndpHops})
}
