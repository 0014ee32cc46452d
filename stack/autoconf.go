package stack

import (
	"time"

	"ringstack/stack/wire"
)

// Router discovery (RFC 4861 section 10).
const (
	maxRouterSolicits = 3
	solicitInterval   = 4 * time.Second
	solicitDelay      = time.Second // spread at random
	twoHours          = 2 * time.Hour
	maxAutoRoutes     = 64 // of all ports
	maxAutoAddresses  = 16 // of a port (RFC 6946 and others: a hostile router must not fill tables)
)

// startAutoconf begins router discovery on a port.
func (e *Engine) startAutoconf(p *port) {
	p.solicitAt = e.now + time.Duration(e.random()%uint64(solicitDelay))
	e.autoAt = min(e.autoAt, p.solicitAt)
}

// autoconf sends due router solicitations and lets expired routes and addresses go.
func (e *Engine) autoconf() {
	if e.now < e.autoAt {
		return
	}
	e.autoAt = never
	for i := range e.ports {
		p := &e.ports[i]
		if e.now >= p.solicitAt {
			e.solicitRouter(p)
		}
		e.autoAt = min(e.autoAt, p.solicitAt)
	}
	e.expireAuto()
}

func (e *Engine) solicitRouter(p *port) {
	p.solicitAt = e.now + solicitInterval
	if p.solicits++; p.solicits >= maxRouterSolicits {
		p.solicitAt = never
	}
	if !e.speaks() {
		return
	}
	src, mac := wire.Addr{}, (*wire.MAC)(nil)
	if a := e.source(p.id, &wire.AllRouters); a != nil {
		src, mac = a.addr, &p.config.MAC
	}
	group := wire.MulticastMAC(&wire.AllRouters)
	b := e.openLink(p, &group, wire.IPv6Len, wire.RouterSolicitLen(mac))
	if b == nil {
		return
	}
	wire.PutRouterSolicit(b, &src, &wire.AllRouters, mac)
	e.send(&ipHeader{src: src, dst: wire.AllRouters, proto: wire.ProtoICMPv6, ttl: ndpHops})
}

// expireAuto removes autoconfigured routes and addresses whose time is over.
func (e *Engine) expireAuto() {
	expired := func(r *route) bool { return r.auto && e.now >= r.expires }
	for i := range e.routes {
		if expired(&e.routes[i]) {
			e.removeRoutes(expired)
			break
		}
	}
	for i := range e.routes {
		if r := &e.routes[i]; r.auto {
			e.autoAt = min(e.autoAt, r.expires)
		}
	}
	for i := 0; i < len(e.addresses.list); {
		if a := e.addresses.list[i]; a.auto && e.now >= a.valid {
			e.RemoveAddress(a.addr.Netip())
			i = 0
			continue
		} else if a.auto {
			e.autoAt = min(e.autoAt, a.valid)
		}
		i++
	}
}

// routerAdvertInput takes a router advertisement (RFC 4861 section 6.3.4).
func (e *Engine) routerAdvertInput() {
	in := &e.in
	p := in.port
	if !p.config.Autoconf {
		return
	}
	a, ok := wire.ParseRouterAdvert(in.payload())
	if !ok || !in.src.IsLinkLocal() || a.Options.HasSource && a.Options.Source.IsGroup() {
		e.stats[NDPRouterBad]++
		return
	}
	p.solicitAt = never
	if a.Options.HasSource {
		e.neighbours.Learn(int(p.id), &in.src, &a.Options.Source, true, e.now)
	}
	if a.HopLimit != 0 {
		p.hopLimit = a.HopLimit
	}
	if mtu := int(a.Options.MTU); mtu >= wire.MinMTU6 && mtu <= p.config.MTU && mtu != p.mtu6 {
		p.mtu6 = mtu
		e.flushHops()
	}
	if a.Reachable <= time.Hour { // section 6.2.1: more is not allowed
		e.neighbours.SetTimes(a.Reachable, a.Retransmit)
	}
	e.autoRoute(prefix{bits: 0}, in.src, p, a.Lifetime)
	for i := range a.Options.NPrefix {
		e.prefixInput(p, &a.Options.Prefix[i])
	}
}

// autoRoute makes, prolongs or removes a route that a router speaks of.
func (e *Engine) autoRoute(dst prefix, gateway wire.Addr, p *port, life time.Duration) {
	until := e.until(life)
	for i := range e.routes {
		r := &e.routes[i]
		if r.prefix != dst || r.gateway != gateway || r.port != p.id {
			continue
		}
		switch {
		case !r.auto:
		case life == 0:
			e.removeRoutes(func(o *route) bool {
				return o.auto && (o.redirect || o.prefix == dst) && o.gateway == gateway && o.port == p.id // RFC 4861 section 6.3.5
			})
		default:
			r.expires = until
			e.autoAt = min(e.autoAt, until)
		}
		return
	}
	if life == 0 || e.autoRoutes() >= maxAutoRoutes {
		return
	}
	e.addRoute(route{prefix: dst, gateway: gateway, port: p.id, auto: true, expires: until})
	e.autoAt = min(e.autoAt, until)
}

func (e *Engine) autoRoutes() (n int) {
	for i := range e.routes {
		if e.routes[i].auto && !e.routes[i].redirect {
			n++
		}
	}
	return n
}

func (e *Engine) until(life time.Duration) time.Duration {
	if life == wire.Forever {
		return never
	}
	return e.now + life
}
