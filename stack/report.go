package stack

import (
	"time"

	"ringstack/stack/wire"
)

// Reports of membership (RFC 3376 section 8, RFC 3810 section 9).
const (
	robustness     = 2           // how often a change is reported
	reportInterval = time.Second // within which the repetition comes, at random
)

// report sends due reports.
func (e *Engine) report() {
	if e.now < e.reportAt {
		return
	}
	e.reportAt = never
	for i := range e.groups {
		g := &e.groups[i]
		if e.now >= g.reportAt {
			e.reportStep(g)
		}
		e.reportAt = min(e.reportAt, g.reportAt)
	}
}

func (e *Engine) reportStep(g *group) {
	change := wire.GroupIsExclude
	if g.changes > 0 {
		change = wire.GroupToExclude
		g.changes--
	}
	g.reportAt = never
	if g.changes > 0 {
		g.reportAt = e.now + 1 + time.Duration(e.random()%uint64(reportInterval))
	}
	e.sendReport(g, change)
}

func (e *Engine) sendReport(g *group, change wire.GroupChange) {
	if !e.speaks() {
		return
	}
	p := &e.ports[g.port]
	if g.addr.Is4() {
		e.sendIGMP(p, g, change)
	} else {
		e.sendMLD(p, g, change)
	}
}

func (e *Engine) sendIGMP(p *port, g *group, change wire.GroupChange) {
	src := wire.Any4 // RFC 3376 section 4.2.13
	if a := e.source(p.id, &wire.IGMPv3Group); a != nil && a.port == p.id {
		src = a.addr
	}
	mac := wire.MulticastMAC(&wire.IGMPv3Group)
	b := e.openLink(p, &mac, wire.IPv4Len+4, wire.IGMPReportLen)
	if b == nil {
		return
	}
	wire.PutIGMPReport(b, change, &g.addr)
	e.stats[GroupReports]++
	e.send(&ipHeader{src: src, dst: wire.IGMPv3Group, proto: wire.ProtoIGMP, ttl: 1, tos: 0xc0, alert: true})
}

// mldAlert is a hop-by-hop header with the router alert of RFC 2711 that every MLD message carries.
var mldAlert = [8]byte{wire.ProtoICMPv6, 0, 5, 2, 0, 0, 1, 0}

func (e *Engine) sendMLD(p *port, g *group, change wire.GroupChange) {
	src := wire.Addr{} // RFC 3810 section 5.2.13: a link-local address, or none
	if a := e.source(p.id, &wire.MLDv2Group); a != nil && a.addr.IsLinkLocal() {
		src = a.addr
	}
	mac := wire.MulticastMAC(&wire.MLDv2Group)
	b := e.openLink(p, &mac, wire.IPv6Len, len(mldAlert)+wire.MLDReportLen)
	if b == nil {
		return
	}
	copy(b, mldAlert[:])
	wire.PutMLDReport(b[len(mldAlert):], change, &g.addr, &src, &wire.MLDv2Group)
	e.stats[GroupReports]++
	e.send(&ipHeader{src: src, dst: wire.MLDv2Group, proto: wire.ProtoHopByHop, ttl: 1})
}

// igmpInput takes an IGMP message. Only queries matter: with version 3, hosts do not suppress their reports, and those
// of others count as bad queries.
func (e *Engine) igmpInput() {
	in := &e.in
	if in.loop {
		return
	}
	q, ok := wire.ParseIGMPQuery(in.payload())
	if !ok || in.ttl != 1 {
		e.stats[GroupQueryBad]++
		return
	}
	e.query(&q, true)
}

func (e *Engine) mldInput() {
	in := &e.in
	q, ok := wire.ParseMLDQuery(in.payload())
	if !ok || in.ttl != 1 || !in.src.IsLinkLocal() || in.loop {
		e.stats[GroupQueryBad]++
		return
	}
	e.query(&q, false)
}

// query lets the memberships of a port that a router asks for be reported within the time it gives
// (RFC 3376 section 5.2, RFC 3810 section 6.2).
func (e *Engine) query(q *wire.GroupQuery, is4 bool) {
	most := uint64(max(q.MaxDelay, 1)) * uint64(time.Millisecond)
	for i := range e.groups {
		g := &e.groups[i]
		if g.port != e.in.port.id || g.addr.Is4() != is4 || q.Group != (wire.Addr{}) && q.Group != g.addr {
			continue
		}
		g.reportAt = min(g.reportAt, e.now+time.Duration(e.random()%most))
		e.reportAt = min(e.reportAt, g.reportAt)
	}
}
