package stack

import "ringstack/stack/wire"

// Address scopes (RFC 6724 section 3.1, RFC 4007).
const (
	scopeLink   = 2
	scopeSite   = 5
	scopeGlobal = 14
)

func scope(a *wire.Addr) int {
	switch {
	case a[0] == 0xff:
		return int(a[1] & 15)
	case a.IsLinkLocal(), a.IsLoopback():
		return scopeLink
	case a[0] == 0xfe && a[1]&0xc0 == 0xc0:
		return scopeSite
	}
	return scopeGlobal
}

// source chooses our address for packets to dst out of a port (RFC 6724 section 5; RFC 1122 section 3.3.4.3). nil: we have none.
func (e *Engine) source(port uint8, dst *wire.Addr) *address {
	var best *address
	for i := range e.addresses.list {
		a := &e.addresses.list[i]
		if a.kind != unicast || a.addr.Is4() != dst.Is4() {
			continue
		}
		if scope(&a.addr) == scopeLink && a.port != port {
			continue
		}
		if best == nil || e.better(a, best, port, dst) {
			best = a
		}
	}
	return best
}

// better applies the rules of RFC 6724 section 5 in order. On a tie the earlier address stays.
func (e *Engine) better(a, b *address, port uint8, dst *wire.Addr) bool {
	if a.virtual != b.virtual {
		return b.virtual
	}
	if a.addr.Is4() { // scopes of IPv4 tell little: private addresses are global (section 3.2)
		if on := a.port == port; on != (b.port == port) {
			return on
		}
		return prefixMatch(a, dst) > prefixMatch(b, dst)
	}
	if sa, sb, sd := scope(&a.addr), scope(&b.addr), scope(dst); sa != sb { // rule 2
		if sa < sb {
			return sa >= sd
		}
		return sb < sd
	}
	if da := a.deprecated(e.now); da != b.deprecated(e.now) { // rule 3
		return !da
	}
	if on := a.port == port; on != (b.port == port) { // rule 5
		return on
	}
	return prefixMatch(a, dst) > prefixMatch(b, dst) // rule 8
}

// prefixMatch counts the leading bits that a's network shares with dst.
func prefixMatch(a *address, dst *wire.Addr) int { return min(a.addr.CommonBits(dst), a.bits) }
