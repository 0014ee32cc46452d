package stack

import "ringstack/stack/wire"

// prefixInput takes a prefix information option (RFC 4861 section 6.3.4, RFC 4862 section 5.5.3).
func (e *Engine) prefixInput(p *port, info *wire.PrefixInfo) {
	if info.Prefix.IsLinkLocal() || info.Prefix.IsMulticast() || info.Prefix.Is4() || info.Bits > 128 {
		return
	}
	network := prefix{info.Prefix, int(info.Bits)}
	network = network.masked()
	if info.OnLink {
		e.autoRoute(network, wire.Addr{}, p, info.Valid)
	}
	if info.Autonomous && info.Bits == 64 && info.Preferred <= info.Valid {
		e.autoAddress(p, network, info)
	}
}

func (e *Engine) autoAddress(p *port, network prefix, info *wire.PrefixInfo) {
	addr := network.addr
	putInterfaceID(&addr, &p.config.MAC)
	if a := e.addresses.find(&addr); a != nil {
		if a.auto {
			e.prolong(a, info)
		}
		return
	}
	if info.Valid == 0 || e.autoAddresses(p) >= maxAutoAddresses {
		return
	}
	e.addAddress(address{addr: addr, bits: network.bits, port: p.id, auto: true, preferred: e.until(info.Preferred), valid: e.until(info.Valid)})
	e.autoAt = min(e.autoAt, e.until(info.Valid))
}

func (e *Engine) autoAddresses(p *port) (n int) {
	for i := range e.addresses.list {
		if a := &e.addresses.list[i]; a.auto && a.port == p.id {
			n++
		}
	}
	return n
}

// prolong is RFC 4862 section 5.5.3 (e): nobody can end an address at once, two hours are the least.
func (e *Engine) prolong(a *address, info *wire.PrefixInfo) {
	a.preferred = e.until(info.Preferred)
	remaining := a.valid - e.now
	switch {
	case info.Valid > twoHours || info.Valid > remaining:
		a.valid = e.until(info.Valid)
	case remaining > twoHours:
		a.valid = e.now + twoHours
	}
	e.autoAt = min(e.autoAt, a.valid)
}
