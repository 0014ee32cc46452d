package secondary

import (
	"fmt"
	"net/netip"
	"testing"
)

// The examples are those of RFC 6724 section 10.2, and some in the same spirit.
func TestByPreference(t *testing.T) {
	for _, c := range []struct {
		name string
		pair [2]string // in the wanted order
		src  map[string]string
	}{
		{"matching scope", [2]string{"2001:db8:1::1", "198.51.100.121"}, map[string]string{
			"2001:db8:1::1": "2001:db8:1::2", "198.51.100.121": "169.254.13.78"}},
		{"matching scope, IPv4", [2]string{"198.51.100.121", "2001:db8:1::1"}, map[string]string{
			"2001:db8:1::1": "fe80::1", "198.51.100.121": "198.51.100.117"}},
		{"higher precedence", [2]string{"2001:db8:1::1", "10.1.2.3"}, map[string]string{
			"2001:db8:1::1": "2001:db8:1::2", "10.1.2.3": "10.1.2.4"}},
		{"smaller scope", [2]string{"fe80::1", "2001:db8:1::1"}, map[string]string{
			"fe80::1": "fe80::2", "2001:db8:1::1": "2001:db8:1::2"}},
		{"matching label", [2]string{"2002:c633:6401::1", "2001:db8:1::1"}, map[string]string{
			"2002:c633:6401::1": "2002:c633:6401::2", "2001:db8:1::1": "2002:c633:6401::2"}},
		{"higher precedence of two IPv6", [2]string{"2001:db8:1::1", "2002:c633:6401::1"}, map[string]string{
			"2001:db8:1::1": "2001:db8:1::2", "2002:c633:6401::1": "2002:c633:6401::2"}},
		{"longest prefix", [2]string{"2001:db8:1::1", "2001:db8:3ffe::1"}, map[string]string{
			"2001:db8:1::1": "2001:db8:1::2", "2001:db8:3ffe::1": "2001:db8:3f44::2"}},
		{"a way there", [2]string{"10.1.2.3", "2001:db8:1::1"}, map[string]string{"10.1.2.3": "10.1.2.4"}},
		{"local addresses after IPv4", [2]string{"10.1.2.3", "fd00::1"}, map[string]string{
			"10.1.2.3": "10.1.2.4", "fd00::1": "fd00::2"}},
	} {
		source := func(dst netip.AddrPort) netip.Addr {
			src, _ := netip.ParseAddr(c.src[dst.Addr().String()])
			return src
		}
		a, b := netip.AddrPortFrom(netip.MustParseAddr(c.pair[0]), 80), netip.AddrPortFrom(netip.MustParseAddr(c.pair[1]), 80)
		want := fmt.Sprint([]netip.AddrPort{a, b})
		for _, addrs := range [][]netip.AddrPort{{a, b}, {b, a}} {
			byPreference(addrs, source)
			if got := fmt.Sprint(addrs); got != want {
				t.Errorf("%s: %s, want %s", c.name, got, want)
			}
		}
	}
}

// What no rule tells apart stays in the name server's order.
func TestByPreferenceIsStable(t *testing.T) {
	addrs := []netip.AddrPort{
		netip.MustParseAddrPort("10.0.0.9:1"), netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("192.0.2.1:1"),
	}
	want := fmt.Sprint(addrs)
	for _, src := range []netip.Addr{{}, netip.MustParseAddr("10.0.0.2")} {
		byPreference(addrs, func(netip.AddrPort) netip.Addr { return src })
		if got := fmt.Sprint(addrs); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
