package config

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

const (
	wantAddr4 = "an IPv4 unicast address such as 192.168.100.2"
	wantAddr6 = "an IPv6 unicast address such as fd00:100::2"
)

func addr4Value(p *netip.Addr) value { return addrValue(p, wantAddr4, parseAddr4) }
func addr6Value(p *netip.Addr) value { return addrValue(p, wantAddr6, parseAddr6) }

func addrs4Value(p *[]netip.Addr) value { return addrsValue(p, wantAddr4, parseAddr4) }
func addrs6Value(p *[]netip.Addr) value { return addrsValue(p, wantAddr6, parseAddr6) }

// broadcastValue also takes 255.255.255.255.
func broadcastValue(p *netip.Addr) value {
	return addrValue(p, "an IPv4 broadcast address such as 192.168.100.255", func(s string) (netip.Addr, bool) {
		addr, err := netip.ParseAddr(s)
		return addr, err == nil && addr.Is4()
	})
}

func addrValue(p *netip.Addr, wants string, parse func(string) (netip.Addr, bool)) value {
	return field[netip.Addr]{
		p:     p,
		wants: wants,
		parse: parse,
		show: func(addr netip.Addr) string {
			if !addr.IsValid() {
				return ""
			}
			return addr.String()
		},
	}
}

func parseAddr4(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	return addr, err == nil && addr.Is4() && isUnicast(addr)
}

func parseAddr6(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	return addr, err == nil && addr.Is6() && !addr.Is4In6() && addr.Zone() == "" && isUnicast(addr)
}

// isUnicast is false for the reserved block 240.0.0.0/4, too.
func isUnicast(addr netip.Addr) bool {
	if addr.Is4() && addr.As4()[0] >= 240 {
		return false
	}
	return !addr.IsUnspecified() && !addr.IsMulticast() && !addr.IsLoopback()
}

// netmaskValue takes a contiguous mask and keeps its length.
func netmaskValue(p *int) value {
	return field[int]{
		p:     p,
		wants: "a contiguous IPv4 netmask such as 255.255.255.0",
		parse: parseNetmask,
		show: func(n int) string {
			if n == 0 {
				return ""
			}
			return netip.AddrFrom4(netmask(n)).String()
		},
	}
}

func parseNetmask(s string) (n int, ok bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil || !addr.Is4() {
		return 0, false
	}
	mask := addr.As4()
	n = bits.LeadingZeros32(^binary.BigEndian.Uint32(mask[:]))
	return n, n > 0 && mask == netmask(n)
}

// netmask returns the mask with n leading ones.
func netmask(n int) (mask [4]byte) {
	binary.BigEndian.PutUint32(mask[:], ^uint32(0)<<(32-n))
	return mask
}

// broadcast returns the last address of an IPv4 prefix.
func broadcast(prefix netip.Prefix) netip.Addr {
	addr, mask := prefix.Addr().As4(), netmask(prefix.Bits())
	for i := range addr {
		addr[i] |= ^mask[i]
	}
	return netip.AddrFrom4(addr)
}
