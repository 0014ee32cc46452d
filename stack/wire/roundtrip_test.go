package wire

import (
	"bytes"
	"testing"
	"time"
)

var (
	v4a = From4([4]byte{192, 0, 2, 1})
	v4b = From4([4]byte{198, 51, 100, 7})
	v6a = Addr{0: 0xfe, 1: 0x80, 8: 0x02, 15: 1}
	v6b = Addr{0: 0x20, 1: 0x01, 15: 9}
	ma  = MAC{2, 0, 0, 0, 0, 1}
	mb  = MAC{2, 0, 0, 0, 0, 2}
)

func TestEthernetRoundTrip(t *testing.T) {
	for _, vlan := range []uint16{0, 1, 4094} {
		in := Ethernet{Dst: ma, Src: mb, Type: EtherTypeIPv6, VLAN: vlan, HeaderLen: EthernetHeaderLen(vlan)}
		b := make([]byte, 18)
		if n := PutEthernet(b, &in); n != in.HeaderLen {
			t.Errorf("VLAN %d: %d bytes", vlan, n)
		}
		if got, ok := ParseEthernet(b); !ok || got != in {
			t.Errorf("VLAN %d: %+v", vlan, got)
		}
		if _, ok := ParseEthernet(b[:in.HeaderLen-1]); ok {
			t.Errorf("VLAN %d: a cut header is taken", vlan)
		}
	}
}

func TestARPRoundTrip(t *testing.T) {
	in := ARP{Op: ARPReply, SenderMAC: ma, TargetMAC: mb, Sender: v4a, Target: v4b}
	b := make([]byte, ARPLen)
	PutARP(b, &in)
	if !bytes.HasPrefix(b, []byte{0, 1, 8, 0, 6, 4, 0, 2, 2}) {
		t.Errorf("% x", b)
	}
	if got, ok := ParseARP(b); !ok || got != in {
		t.Errorf("%+v", got)
	}
	for i := range 6 {
		bad := bytes.Clone(b)
		bad[i] ^= 0x10
		if _, ok := ParseARP(bad); ok {
			t.Errorf("byte %d changed is taken", i)
		}
	}
	if _, ok := ParseARP(b[:27]); ok {
		t.Error("a short packet is taken")
	}
}

func TestIPv4RoundTrip(t *testing.T) {
	for _, in := range []IPv4{
		{Src: v4a, Dst: v4b, TTL: 64, Proto: ProtoTCP, DF: true, TotalLen: 40, HeaderLen: 20},
		{Src: v4a, Dst: v4b, TOS: 0xff, ID: 0xabcd, MF: true, FragOffset: 65528, TotalLen: 28, HeaderLen: 20},
		{Src: v4a, Dst: v4b, RouterAlert: true, TotalLen: 40, HeaderLen: 24},
	} {
		b := make([]byte, 64)
		if n := PutIPv4(b, &in); n != in.HeaderLen || Fold(Sum(b[:n], 0)) != 0xffff {
			t.Errorf("%d bytes, sum %#x", n, Fold(Sum(b[:n], 0)))
		}
		if verdict, _ := CheckIPv4Options(b[20:in.HeaderLen]); verdict != OptionsFine {
			t.Errorf("options: %d", verdict)
		}
		in.RouterAlert = false
		if got, ok := ParseIPv4(b); !ok || got != in {
			t.Errorf("%+v, not %+v", got, in)
		}
		if _, ok := ParseIPv4(b[:in.TotalLen-1]); ok {
			t.Error("a cut packet is taken")
		}
	}
}

func TestParseIPv4Refuses(t *testing.T) {
	good := make([]byte, 20)
	PutIPv4(good, &IPv4{TotalLen: 20})
	for name, change := range map[string]func(b []byte){
		"version 5":                func(b []byte) { b[0] = 0x55 },
		"header of 16 bytes":       func(b []byte) { b[0] = 0x44 },
		"header past the packet":   func(b []byte) { b[0] = 0x46 },
		"length below the header":  func(b []byte) { b[3] = 19 },
		"length beyond the packet": func(b []byte) { b[3] = 21 },
	} {
		b := bytes.Clone(good)
		if change(b); func() bool { _, ok := ParseIPv4(b); return ok }() {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestIPv4Options(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		want OptionVerdict
		at   int
	}{
		{nil, OptionsFine, 0},
		{[]byte{1, 1, 1, 0}, OptionsFine, 0},
		{[]byte{7, 4, 4, 0, 0, 131}, OptionsFine, 0}, // after the end nothing counts
		{[]byte{1, 131, 3, 4}, OptionsSourceRoute, 1},
		{[]byte{137, 3, 4, 0}, OptionsSourceRoute, 0},
		{[]byte{7, 0, 0, 0}, OptionsMalformed, 1},
		{[]byte{7, 5, 0, 0}, OptionsMalformed, 1},
		{[]byte{1, 1, 1, 7}, OptionsMalformed, 3},
	} {
		if got, at := CheckIPv4Options(c.b); got != c.want || at != c.at {
			t.Errorf("% x: %d at %d", c.b, got, at)
		}
	}
}

func TestIPv6RoundTrip(t *testing.T) {
	in := IPv6{Src: v6a, Dst: v6b, TrafficClass: 0xa5, FlowLabel: 0xfedcb, Next: ProtoUDP, HopLimit: 255, PayloadLen: 3}
	b := make([]byte, 43)
	PutIPv6(b, &in)
	if got, ok := ParseIPv6(b); !ok || got != in {
		t.Errorf("%+v", got)
	}
	if _, ok := ParseIPv6(b[:42]); ok {
		t.Error("a cut packet is taken")
	}
	if _, ok := ParseIPv6(b[:39]); ok {
		t.Error("a cut header is taken")
	}
}

func TestUDPRoundTrip(t *testing.T) {
	b := append(make([]byte, UDPLen), "payload"...)
	sum := Sum(b[UDPLen:], PseudoSum(&v6a, &v6b, ProtoUDP, len(b)))
	PutUDP(b, &UDP{SrcPort: 53, DstPort: 65535, Len: len(b)}, sum)
	h, ok := ParseUDP(append(b, 0, 0))
	if !ok || h.SrcPort != 53 || h.DstPort != 65535 || h.Len != 15 || h.Checksum == 0 {
		t.Errorf("%+v", h)
	}
	if Fold(Sum(b, PseudoSum(&v6a, &v6b, ProtoUDP, len(b)))) != 0xffff {
		t.Error("the checksum is wrong")
	}
	for _, bad := range [][]byte{b[:14], b[:7], {0, 0, 0, 0, 0, 7, 0, 0}} {
		if _, ok := ParseUDP(bad); ok {
			t.Errorf("% x is taken", bad)
		}
	}
}

// A sum that comes out as 0 is sent as 0xffff (RFC 768).
func TestUDPZeroChecksum(t *testing.T) {
	b := make([]byte, UDPLen)
	PutUDP(b, &UDP{Len: UDPLen}, uint32(0xffff-UDPLen))
	if b[6] != 0xff || b[7] != 0xff {
		t.Errorf("checksum % x", b[6:])
	}
}

func TestNeighborRoundTrip(t *testing.T) {
	for _, o := range []NDPOptions{{}, {HasSource: true, Source: ma}, {HasTarget: true, Target: mb, HasNonce: true, Nonce: [6]byte{5: 9}}} {
		in := Neighbor{Target: v6a, Flags: NDPSolicited | NDPOverride, Options: o}
		b := make([]byte, NeighborLen(&in))
		PutNeighbor(b, ICMPv6NeighborAdvert, &in, &v6a, &v6b)
		if got, ok := ParseNeighbor(b); !ok || got != in {
			t.Errorf("%+v", got)
		}
		if Fold(Sum(b, PseudoSum(&v6a, &v6b, ProtoICMPv6, len(b)))) != 0xffff {
			t.Error("the checksum is wrong")
		}
	}
	group := make([]byte, NDPLen)
	PutNeighbor(group, ICMPv6NeighborSolicit, &Neighbor{Target: AllNodes}, &v6a, &v6b)
	for name, b := range map[string][]byte{"short": group[:23], "group as target": group, "option of length 0": append(make([]byte, NDPLen), 1, 0, 0, 0, 0, 0, 0, 0), "option cut": append(make([]byte, NDPLen), 1, 2, 0, 0, 0, 0, 0, 0)} {
		if _, ok := ParseNeighbor(b); ok {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestRouterAdvert(t *testing.T) {
	b := []byte{
		134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0x75, 0x30, 0, 0, 0x03, 0xe8,
		5, 1, 0, 0, 0, 0, 0x05, 0xdc,
		3, 4, 64, 0xc0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x0e, 0x10, 0, 0, 0, 0,
	}
	b = append(b, v6b[:]...)
	a, ok := ParseRouterAdvert(b)
	want := PrefixInfo{Prefix: v6b, Bits: 64, OnLink: true, Autonomous: true, Valid: Forever, Preferred: time.Hour}
	if !ok || a.HopLimit != 64 || a.Lifetime != 30*time.Minute || a.Reachable != 30*time.Second || a.Retransmit != time.Second ||
		a.Options.MTU != 1500 || a.Options.NPrefix != 1 || a.Options.Prefix[0] != want {
		t.Errorf("%+v, %t", a, ok)
	}
	for n := range len(b) {
		if _, ok := ParseRouterAdvert(b[:n]); ok && n != 16 && n != 24 {
			t.Errorf("the first %d bytes are taken", n)
		}
	}
}

func TestRouterSolicit(t *testing.T) {
	for _, mac := range []*MAC{nil, &ma} {
		b := make([]byte, 16)
		b = b[:PutRouterSolicit(b, &v6a, &AllRouters, mac)]
		var o NDPOptions
		if !o.Parse(b[ICMPLen:]) || o.HasSource != (mac != nil) || Fold(Sum(b, PseudoSum(&v6a, &AllRouters, ProtoICMPv6, len(b)))) != 0xffff {
			t.Errorf("% x", b)
		}
	}
}

func TestGroupReports(t *testing.T) {
	g := From4([4]byte{239, 1, 2, 3})
	b := make([]byte, IGMPReportLen)
	PutIGMPReport(b, GroupToExclude, &g)
	if !bytes.Equal(b[:2], []byte{0x22, 0}) || !bytes.Equal(b[4:], []byte{0, 0, 0, 1, 4, 0, 0, 0, 239, 1, 2, 3}) || Fold(Sum(b, 0)) != 0xffff {
		t.Errorf("% x", b)
	}
	b = make([]byte, MLDReportLen)
	PutMLDReport(b, GroupToInclude, &AllNodes, &v6a, &MLDv2Group)
	if b[0] != 143 || b[7] != 1 || b[8] != 3 || Addr(b[12:]) != AllNodes || Fold(Sum(b, PseudoSum(&v6a, &MLDv2Group, ProtoICMPv6, len(b)))) != 0xffff {
		t.Errorf("% x", b)
	}
}

func TestGroupQueries(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		want GroupQuery
	}{
		{[]byte{0x11, 0, 0, 0, 0, 0, 0, 0}, GroupQuery{MaxDelay: 10000}},
		{[]byte{0x11, 100, 0, 0, 239, 0, 0, 1}, GroupQuery{From4([4]byte{239, 0, 0, 1}), 10000}},
		{[]byte{0x11, 0x8f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, GroupQuery{MaxDelay: (0x1f << 3) * 100}},
	} {
		sum := ^Fold(Sum(c.b, 0))
		c.b[2], c.b[3] = byte(sum>>8), byte(sum)
		if got, ok := ParseIGMPQuery(c.b); !ok || got != c.want {
			t.Errorf("% x: %+v", c.b, got)
		}
		if c.b[2]++; func() bool { _, ok := ParseIGMPQuery(c.b); return ok }() {
			t.Error("a wrong checksum is taken")
		}
	}
	b := make([]byte, 28)
	b[0], b[4], b[5] = 130, 0x80, 1
	if got, ok := ParseMLDQuery(b); !ok || got != (GroupQuery{MaxDelay: 0x1001 << 3}) {
		t.Errorf("%+v", got)
	}
}

func TestQuote(t *testing.T) {
	b := make([]byte, 28)
	PutIPv4(b, &IPv4{Src: v4a, Dst: v4b, Proto: ProtoTCP, TotalLen: 1500})
	copy(b[20:], []byte{0x04, 0xd2, 0, 80, 1, 2, 3, 4})
	q, ok := ParseQuote(b)
	if !ok || q.Src != v4a || q.Dst != v4b || q.Proto != ProtoTCP || q.SrcPort != 1234 || q.DstPort != 80 || q.Seq != 0x01020304 || q.PacketLen != 1500 {
		t.Errorf("%+v", q)
	}
	if _, ok := ParseQuote(b[:27]); ok {
		t.Error("seven bytes of transport header are taken")
	}
	b[7] = 1 // a later fragment
	if _, ok := ParseQuote(b); ok {
		t.Error("a later fragment is taken")
	}
	b = make([]byte, 56)
	PutIPv6(b, &IPv6{Src: v6a, Dst: v6b, Next: ProtoFragment, PayloadLen: 1000})
	PutIPv6Fragment(b[40:], &IPv6Fragment{Next: ProtoUDP, More: true})
	copy(b[48:], []byte{0, 53, 0, 99})
	if q, ok := ParseQuote(b); !ok || q.Proto != ProtoUDP || q.SrcPort != 53 || q.DstPort != 99 {
		t.Errorf("%+v, %t", q, ok)
	}
}

func TestAddr(t *testing.T) {
	for _, c := range []struct {
		a                                               Addr
		text                                            string
		is4, unspecified, multicast, linkLocal, unicast bool
	}{
		{v4a, "192.0.2.1", true, false, false, false, true},
		{Any4, "0.0.0.0", true, true, false, false, false},
		{Broadcast4, "255.255.255.255", true, false, false, false, false},
		{AllHosts4, "224.0.0.1", true, false, true, false, false},
		{From4([4]byte{169, 254, 1, 2}), "169.254.1.2", true, false, false, true, true},
		{Addr{}, "::", false, true, false, false, false},
		{AllNodes, "ff02::1", false, false, true, false, false},
		{v6a, "fe80::200:0:0:1", false, false, false, true, true},
		{v6b, "2001::9", false, false, false, false, true},
	} {
		a := c.a
		if a.String() != c.text || a.Is4() != c.is4 || a.IsUnspecified() != c.unspecified || a.IsMulticast() != c.multicast ||
			a.IsLinkLocal() != c.linkLocal || a.IsUnicast() != c.unicast || FromNetip(a.Netip()) != a {
			t.Errorf("%s: %+v", a, c)
		}
	}
	group := v6b.SolicitedNode()
	if group.String() != "ff02::1:ff00:9" || !group.IsSolicitedNode() || MulticastMAC(&group).String() != "33:33:ff:00:00:09" {
		t.Errorf("%s", group)
	}
	if g := From4([4]byte{239, 129, 2, 3}); MulticastMAC(&g).String() != "01:00:5e:01:02:03" {
		t.Error(MulticastMAC(&g))
	}
	if n := v4a.CommonBits(&v4b); n != 96+5 {
		t.Errorf("%d common bits", n)
	}
}
