package stack

import (
	"ringstack/stack/neigh"
	"ringstack/stack/wire"
)

// neighbourHost is the engine as the neighbour cache sees it.
type neighbourHost struct{ e *Engine }

// Solicit implements neigh.Host: an ARP request or a neighbour solicitation.
func (n neighbourHost) Solicit(port int, target *wire.Addr, to *wire.MAC) {
	e, p := n.e, &n.e.ports[port]
	src := e.source(p.id, target)
	if src == nil {
		return // nothing to ask from; the entry fails
	}
	if target.Is4() {
		if to == nil {
			to = &wire.BroadcastMAC
		}
		e.sendARP(p, wire.ARPRequest, &src.addr, target, &wire.MAC{}, to)
		return
	}
	e.sendSolicit(p, &src.addr, target, to)
}

// Resolved implements neigh.Host: the frame waited for mac.
func (n neighbourHost) Resolved(port int, mac *wire.MAC, frame []byte) bool {
	p := &n.e.ports[port]
	b := n.e.buffer(p, len(frame))
	if b == nil {
		return false
	}
	copy(b, frame)
	copy(b, mac[:])
	n.e.stats[EtherOut]++
	p.config.Device.Send()
	return true
}

// Failed implements neigh.Host: nobody has the address that the frame was to go to.
func (n neighbourHost) Failed(port int, target wire.Addr, frame []byte) {
	e := n.e
	for i := range e.routes {
		if r := &e.routes[i]; r.gateway == target && int(r.port) == port {
			r.deadUntil = e.now + gatewayRest
			e.hops.version++ // flows find other gateways
		}
	}
	e.dropRedirects(func(r *route) bool {
		return int(r.port) == port && (r.gateway == target || r.gateway == wire.Addr{} && r.prefix.addr == target)
	})
	if q, ok := wire.ParseQuote(frame[e.ports[port].etherLen:]); ok {
		e.hostUnreachable(&q)
	}
}

// SetNeighbour makes a static entry in the cache. false: no such port, or half of the cache is static.
func (e *Engine) SetNeighbour(port int, addr wire.Addr, mac wire.MAC) bool {
	return port >= 0 && port < len(e.ports) && e.neighbours.Set(port, &addr, &mac, e.now)
}

// DeleteNeighbour removes an entry and reports whether there was one.
func (e *Engine) DeleteNeighbour(port int, addr wire.Addr) bool {
	return e.neighbours.Delete(port, &addr)
}

// Neighbours calls yield for every entry of the cache until it returns false.
func (e *Engine) Neighbours(yield func(neigh.Entry) bool) { e.neighbours.All(yield) }

// NeighbourCounters returns the cache's counters.
func (e *Engine) NeighbourCounters() neigh.Counters { return e.neighbours.Counters() }
