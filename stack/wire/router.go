package wire

import (
	"encoding/binary"
	"time"
)

const (
	routerAdvertLen = 16
	redirectLen     = 40
	prefixLen       = 32
	ndpInfinite     = 0xffffffff // seconds
)

// Forever is a lifetime that does not end.
const Forever = time.Duration(1<<63 - 1)

// RouterAdvert is a router advertisement (RFC 4861 section 4.2). Zero times are unspecified, but for Lifetime.
type RouterAdvert struct {
	HopLimit   uint8 // 0: unspecified
	Lifetime   time.Duration
	Reachable  time.Duration
	Retransmit time.Duration
	Options    NDPOptions
}

// PrefixInfo is a prefix information option (RFC 4861 section 4.6.2).
type PrefixInfo struct {
	Prefix             Addr
	Bits               uint8
	OnLink, Autonomous bool
	Valid, Preferred   time.Duration // Forever: no end
}

// ParseRouterAdvert reads the ICMPv6 message b (RFC 4861 section 6.1.2, as far as it is about the message itself).
func ParseRouterAdvert(b []byte) (a RouterAdvert, ok bool) {
	if len(b) < routerAdvertLen || b[1] != 0 {
		return a, false
	}
	a.HopLimit = b[4]
	a.Lifetime = time.Duration(binary.BigEndian.Uint16(b[6:])) * time.Second
	a.Reachable = time.Duration(binary.BigEndian.Uint32(b[8:])) * time.Millisecond
	a.Retransmit = time.Duration(binary.BigEndian.Uint32(b[12:])) * time.Millisecond
	return a, a.Options.Parse(b[routerAdvertLen:])
}

func parsePrefixInfo(b []byte) PrefixInfo {
	return PrefixInfo{
		Bits:       b[2],
		OnLink:     b[3]&0x80 != 0,
		Autonomous: b[3]&0x40 != 0,
		Valid:      lifetime(b[4:]),
		Preferred:  lifetime(b[8:]),
		Prefix:     Addr(b[16:]),
	}
}

func lifetime(b []byte) time.Duration {
	s := binary.BigEndian.Uint32(b)
	if s == ndpInfinite {
		return Forever
	}
	return time.Duration(s) * time.Second
}

// PutRouterSolicit writes ICMPLen bytes, and 8 more when mac is not nil: a source link-layer address option, which a
// message from the unspecified address must not have (RFC 4861 section 4.1). It returns the length.
func PutRouterSolicit(b []byte, src, dst *Addr, mac *MAC) int {
	n := RouterSolicitLen(mac)
	b = b[:n]
	if mac != nil {
		putNDPOption(b[ICMPLen:], true, ndpOptSource, *mac)
	}
	PutICMP(b, &ICMP{Type: ICMPv6RouterSolicit}, Sum(b[ICMPLen:], PseudoSum(src, dst, ProtoICMPv6, n)))
	return n
}

// RouterSolicitLen returns the bytes that PutRouterSolicit needs.
func RouterSolicitLen(mac *MAC) int {
	if mac == nil {
		return ICMPLen
	}
	return ICMPLen + 8
}

// Redirect is a redirect message (RFC 4861 section 4.5).
type Redirect struct {
	Target, Dst Addr
	Options     NDPOptions
}

// ParseRedirect reads the ICMPv6 message b (RFC 4861 section 8.1, as far as it is about the message itself).
func ParseRedirect(b []byte) (r Redirect, ok bool) {
	if len(b) < redirectLen || b[1] != 0 {
		return r, false
	}
	r.Target, r.Dst = Addr(b[8:]), Addr(b[24:])
	return r, !r.Dst.IsMulticast() && r.Options.Parse(b[redirectLen:])
}
