package secondary

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"
)

// candidate is an address that a name stands for, with the stack's source address for it; an invalid one: there is no way there.
type candidate struct {
	dst netip.AddrPort
	src netip.Addr
}

// byPreference sorts addresses in the order of RFC 6724 section 6. Package net has sorted them for the kernel's routes, which say
// nothing about the stack's. As in package net, rules 3, 4 and 7 are left out, and rule 9 is for IPv6 alone.
func byPreference(addrs []netip.AddrPort, source func(netip.AddrPort) netip.Addr) {
	if len(addrs) < 2 {
		return
	}
	candidates := make([]candidate, len(addrs))
	for i, addr := range addrs {
		candidates[i] = candidate{addr, source(addr)}
	}
	slices.SortStableFunc(candidates, candidate.compare)
	for i := range candidates {
		addrs[i] = candidates[i].dst
	}
}

// compare is negative when a is to be tried before b.
func (a candidate) compare(b candidate) int {
	if !a.src.IsValid() || !b.src.IsValid() {
		return prefer(a.src.IsValid(), b.src.IsValid()) // rule 1
	}
	da, db := classify(a.dst.Addr()), classify(b.dst.Addr())
	sa, sb := classify(a.src), classify(b.src)
	return cmp.Or(
		prefer(da.scope == sa.scope, db.scope == sb.scope), // rule 2
		prefer(da.label == sa.label, db.label == sb.label), // rule 5
		cmp.Compare(db.precedence, da.precedence),          // rule 6
		cmp.Compare(da.scope, db.scope),                    // rule 8
		cmp.Compare(b.commonPrefix(), a.commonPrefix()),    // rule 9
	)
}

func prefer(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// commonPrefix is how many leading bits an IPv6 destination shares with its source; the interface's half does not count.
func (a candidate) commonPrefix() int {
	if !a.dst.Addr().Is6() || !a.src.Is6() {
		return 0
	}
	dst, src := a.dst.Addr().As16(), a.src.As16()
	for i := range 8 {
		if differ := dst[i] ^ src[i]; differ != 0 {
			return 8*i + bits.LeadingZeros8(differ)
		}
	}
	return 64
}

// class is what the rules look at in an address.
type class struct{ scope, precedence, label int }

// policies is the table of RFC 6724 section 2.1, longest prefixes first. IPv4 addresses are seen as IPv4-mapped ones.
var policies = []struct {
	prefix            netip.Prefix
	precedence, label int
}{
	{netip.MustParsePrefix("::1/128"), 50, 0},
	{netip.MustParsePrefix("::/96"), 1, 3},
	{netip.MustParsePrefix("2001::/32"), 5, 5},
	{netip.MustParsePrefix("2002::/16"), 30, 2},
	{netip.MustParsePrefix("3ffe::/16"), 1, 12},
	{netip.MustParsePrefix("fec0::/10"), 1, 11},
	{netip.MustParsePrefix("fc00::/7"), 3, 13},
	{netip.MustParsePrefix("::/0"), 40, 1},
}

func classify(ip netip.Addr) class {
	if ip.Is4() {
		return class{scope: scope(ip), precedence: 35, label: 4}
	}
	c := class{scope: scope(ip)}
	for _, p := range policies {
		if p.prefix.Contains(ip.WithZone("")) {
			c.precedence, c.label = p.precedence, p.label
			break
		}
	}
	return c
}

// scope is that of RFC 6724 section 3.1, with the numbers of RFC 4291 section 2.7.
func scope(ip netip.Addr) int {
	const linkLocal, siteLocal, global = 2, 5, 14
	switch b := ip.As16(); {
	case ip.Is6() && ip.IsMulticast():
		return int(b[1] & 15)
	case ip.IsLoopback(), ip.IsLinkLocalUnicast(), ip.IsLinkLocalMulticast():
		return linkLocal
	case ip.Is6() && b[0] == 0xfe && b[1]&0xc0 == 0xc0:
		return siteLocal
	}
	return global
}
