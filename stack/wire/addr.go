package wire

import (
	"math/bits"
	"net/netip"
)

// Addr is an IP address. An IPv4 address a.b.c.d is held as the IPv4-mapped ::ffff:a.b.c.d
// (RFC 4291 section 2.5.5.2), so that tables need one key type. The zero value is the IPv6
// unspecified address ::, which also stands for "no address".
type Addr [16]byte

// Well-known addresses.
var (
	Any4        = From4([4]byte{})
	Broadcast4  = From4([4]byte{255, 255, 255, 255})
	AllHosts4   = From4([4]byte{224, 0, 0, 1})          // RFC 1112 section 4
	IGMPv3Group = From4([4]byte{224, 0, 0, 22})         // RFC 3376 section 4.2.14
	AllNodes    = Addr{0: 0xff, 1: 0x02, 15: 0x01}      // RFC 4291 section 2.7.1
	AllRouters  = Addr{0: 0xff, 1: 0x02, 15: 0x02}      // RFC 4291 section 2.7.1
	MLDv2Group  = Addr{0: 0xff, 1: 0x02, 15: 0x16}      // RFC 3810 section 5.2.14
	Loopback6   = Addr{15: 1}                           // RFC 4291 section 2.5.3
	mapped      = [12]byte{10: 0xff, 11: 0xff}          // prefix of IPv4 addresses
	solicited   = [13]byte{0xff, 0x02, 11: 1, 12: 0xff} // prefix of solicited-node groups
)

// From4 returns the Addr of an IPv4 address.
func From4(b [4]byte) Addr {
	return Addr{10: 0xff, 11: 0xff, 12: b[0], 13: b[1], 14: b[2], 15: b[3]}
}

// FromNetip returns the Addr of a, without its zone; the zero Addr when a is invalid.
func FromNetip(a netip.Addr) Addr {
	if !a.IsValid() {
		return Addr{}
	}
	return a.As16()
}

// Netip returns a as the standard library has it: an IPv4 address as such, not mapped.
func (a Addr) Netip() netip.Addr { return netip.AddrFrom16(a).Unmap() }

// String returns the address in the usual text form.
func (a Addr) String() string { return a.Netip().String() }

// Is4 reports whether a is an IPv4 address.
func (a *Addr) Is4() bool { return [12]byte(a[:12]) == mapped }

// As4 returns the IPv4 address that a holds; it has no meaning when Is4 is false.
func (a *Addr) As4() [4]byte { return [4]byte(a[12:]) }

// IsUnspecified reports whether a is 0.0.0.0 or ::.
func (a *Addr) IsUnspecified() bool { return *a == Addr{} || *a == Any4 }

// IsMulticast reports whether a is a group address of either version.
func (a *Addr) IsMulticast() bool { return a[0] == 0xff || a.Is4() && a[12]&0xf0 == 0xe0 }

// IsBroadcast reports whether a is the limited broadcast address 255.255.255.255.
func (a *Addr) IsBroadcast() bool { return *a == Broadcast4 }

// IsLoopback reports whether a is in 127.0.0.0/8 or ::1.
func (a *Addr) IsLoopback() bool { return *a == Loopback6 || a.Is4() && a[12] == 127 }

// IsLinkLocal reports whether a is a unicast address in 169.254.0.0/16 (RFC 3927) or fe80::/10.
func (a *Addr) IsLinkLocal() bool {
	return a[0] == 0xfe && a[1]&0xc0 == 0x80 || a.Is4() && a[12] == 169 && a[13] == 254
}

// IsUnicast reports whether a can name one host: it is not unspecified, a group or broadcast.
func (a *Addr) IsUnicast() bool {
	return !a.IsUnspecified() && !a.IsMulticast() && !a.IsBroadcast()
}

// IsReserved4 reports whether a is an IPv4 address of the former class E (240.0.0.0/4), broadcast included.
func (a *Addr) IsReserved4() bool { return a.Is4() && a[12]&0xf0 == 0xf0 }

// SolicitedNode returns the group that neighbours of the IPv6 address a send
// solicitations to (RFC 4291 section 2.7.1).
func (a *Addr) SolicitedNode() Addr {
	var g Addr
	copy(g[:], solicited[:])
	copy(g[13:], a[13:])
	return g
}

// IsSolicitedNode reports whether a is a solicited-node group.
func (a *Addr) IsSolicitedNode() bool { return [13]byte(a[:13]) == solicited }

// CommonBits returns how many leading bits of a and b are equal, 128 at most.
func (a *Addr) CommonBits(b *Addr) int {
	for i := range a {
		if x := a[i] ^ b[i]; x != 0 {
			return i*8 + bits.LeadingZeros8(x)
		}
	}
	return 128
}
