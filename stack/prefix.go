package stack

import (
	"net/netip"

	"ringstack/stack/wire"
)

// prefix is an address range.
type prefix struct {
	addr wire.Addr
	bits int // of 128; an IPv4 prefix has 96 more than its own
}

func (p *prefix) contains(a *wire.Addr) bool { return p.addr.CommonBits(a) >= p.bits }

func newPrefix(p netip.Prefix) prefix {
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	return prefix{wire.FromNetip(p.Addr()), bits}
}

// masked returns the prefix with the bits beyond its length cleared.
func (p prefix) masked() prefix {
	for i := range p.addr {
		keep := min(max(p.bits-8*i, 0), 8)
		p.addr[i] &^= 0xff >> keep
	}
	return p
}

// last returns the highest address in the prefix.
func (p *prefix) last() wire.Addr {
	a := p.addr
	for i := range a {
		keep := min(max(p.bits-8*i, 0), 8)
		a[i] |= 0xff >> keep
	}
	return a
}
