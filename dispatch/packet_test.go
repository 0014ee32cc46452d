package dispatch

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

func TestParse(t *testing.T) {
	flow4 := Flow{Local: addr(us4), Remote: addr(peer4), LocalPort: 80, RemotePort: 4000, Proto: ProtoTCP}
	flow6 := Flow{Local: addr(us6), Remote: addr(peer6), LocalPort: 80, RemotePort: 4000, Proto: ProtoTCP}
	bare := func(f Flow, proto uint8) Flow {
		f.LocalPort, f.RemotePort, f.Proto = 0, 0, proto
		return f
	}
	udp := func(f Flow) Flow { f.Proto = ProtoUDP; return f }
	syn, ack := tcpSegment(4000, 80, tcpSYN), tcpSegment(4000, 80, tcpACK)
	options := make([]byte, 40)

	tests := []struct {
		name  string
		frame []byte
		want  Packet // Dst is ourMAC
	}{
		{"arp request", ether(EtherTypeARP, arpMessage(1)), Packet{EtherType: EtherTypeARP, L3: 14, Control: true}},
		{"arp reply, tagged, padded", tagged(0x2005, EtherTypeARP, append(arpMessage(2), make([]byte, 18)...)),
			Packet{EtherType: EtherTypeARP, L3: 18, Control: true, Tagged: true, VLAN: 0x2005}},
		{"ipv4 tcp syn", ip4{proto: ProtoTCP}.frame(syn),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoTCP, L3: 14, L4: 34, Flow: flow4, HasPorts: true, SYN: true}},
		{"ipv4 tcp syn-ack", ip4{proto: ProtoTCP}.frame(tcpSegment(4000, 80, tcpSYN|tcpACK)),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoTCP, L3: 14, L4: 34, Flow: flow4, HasPorts: true}},
		{"ipv4 options, priority tag, padding", append(tagged(0xe000, EtherTypeIPv4, ip4{proto: ProtoTCP, options: options}.packet(ack)), 0, 0),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoTCP, L3: 18, L4: 78, Flow: flow4, HasPorts: true, Tagged: true, VLAN: 0xe000}},
		{"ipv4 udp", ip4{proto: ProtoUDP}.frame(udpDatagram(4000, 80, nil)),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoUDP, L3: 14, L4: 34, Flow: udp(flow4), HasPorts: true}},
		{"ipv4 sctp has no ports here", ip4{proto: 132}.frame(make([]byte, 12)),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: 132, L3: 14, L4: 34, Flow: bare(flow4, 132)}},
		{"igmp", ip4{proto: ProtoIGMP}.frame(make([]byte, 8)),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoIGMP, L3: 14, L4: 34, Flow: bare(flow4, ProtoIGMP), Control: true}},
		{"echo request", ip4{proto: ProtoICMP}.frame(icmpMessage(8, nil)),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoICMP, L3: 14, L4: 34, Flow: bare(flow4, ProtoICMP)}},
		{"unreachable quotes tcp", ip4{src: "203.0.113.9", proto: ProtoICMP}.frame(icmpMessage(3,
			ip4{src: us4, dst: peer4, proto: ProtoTCP, options: options}.packet(tcpSegment(80, 4000, 0)[:8]))),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoICMP, L3: 14, L4: 34, Flow: flow4, HasPorts: true, Quoted: true}},
		{"unreachable quotes echo", ip4{src: "203.0.113.9", proto: ProtoICMP}.frame(icmpMessage(11,
			ip4{src: us4, dst: peer4, proto: ProtoICMP}.packet(icmpMessage(8, nil)))),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoICMP, L3: 14, L4: 34, Flow: bare(flow4, ProtoICMP), Quoted: true}},
		{"unreachable quotes later fragment", ip4{src: "203.0.113.9", proto: ProtoICMP}.frame(icmpMessage(11,
			ip4{src: us4, dst: peer4, proto: ProtoUDP, frag: 100}.packet(nil))),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoICMP, L3: 14, L4: 34, Flow: bare(flow4, ProtoUDP), Quoted: true}},
		{"ipv4 first fragment", ip4{proto: ProtoUDP, id: 7, frag: ipv4MoreFrags}.frame(edit(udpDatagram(4000, 80, make([]byte, 8)), 4, 0x10, 0)),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoUDP, L3: 14, L4: 34, Flow: udp(flow4), HasPorts: true,
				Fragment: FragmentFirst, FragID: 7, fragEnd: 16, fragMore: true}},
		{"ipv4 later fragment", ip4{proto: ProtoUDP, id: 7, frag: 3}.frame([]byte{1}),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoUDP, L3: 14, L4: 34, Flow: bare(flow4, ProtoUDP),
				Fragment: FragmentLater, FragID: 7, fragStart: 24, fragEnd: 25}},
		{"ipv4 later icmp fragment", ip4{proto: ProtoICMP, id: 7, frag: 3}.frame([]byte{1}),
			Packet{EtherType: EtherTypeIPv4, Version: 4, Proto: ProtoICMP, L3: 14, L4: 34, Flow: bare(flow4, ProtoICMP),
				Fragment: FragmentLater, FragID: 7, fragStart: 24, fragEnd: 25}},
		{"ipv6 tcp", ip6{next: ProtoTCP}.frame(syn),
			Packet{EtherType: EtherTypeIPv6, Version: 6, Proto: ProtoTCP, L3: 14, L4: 54, Flow: flow6, HasPorts: true, SYN: true}},
		{"ipv6 all extensions", ip6{next: ipv6HopByHop, ext: cat(ext8(ipv6Destination), ext8(ipv6Routing), ext8(ipv6AH),
			[]byte{ipv6Destination, 2}, make([]byte, 14), ext8(ProtoTCP))}.frame(ack),
			Packet{EtherType: EtherTypeIPv6, Version: 6, Proto: ProtoTCP, L3: 14, L4: 102, Flow: flow6, HasPorts: true}},
		{"ipv6 atomic fragment", ip6{next: ipv6Fragment, ext: fragExt(ProtoTCP, 0, false, 9)}.frame(syn),
			Packet{EtherType: EtherTypeIPv6, Version: 6, Proto: ProtoTCP, L3: 14, L4: 62, Flow: flow6, HasPorts: true, SYN: true}},
		{"ipv6 first fragment", ip6{next: ipv6Fragment, ext: fragExt(ProtoTCP, 0, true, 9)}.frame(cat(ack, make([]byte, 4))),
			Packet{EtherType: EtherTypeIPv6, Version: 6, Proto: ProtoTCP, L3: 14, L4: 62, Flow: flow6, HasPorts: true,
				Fragment: FragmentFirst, FragID: 9, fragEnd: 24, fragMore: true}},
		{"ipv6 later fragment of headers", ip6{next: ipv6Fragment, ext: fragExt(ipv6Destination, 16, false, 9)}.frame([]byte{1}),
			Packet{EtherType: EtherTypeIPv6, Version: 6, Proto: ipv6Destination, L3: 14, L4: 62, Flow: bare(flow6, ipv6Destination),
				Fragment: FragmentLater, FragID: 9, fragStart: 16, fragEnd: 17}},
		{"ipv6 first fragment of icmp behind headers", ip6{next: ipv6Fragment, ext: cat(fragExt(ipv6Destination, 0, true, 9), ext8(ProtoICMPv6))}.frame(icmpMessage(128, nil)),
			Packet{EtherType: EtherTypeIPv6, Version: 6, Proto: ProtoICMPv6, L3: 14, L4: 70, Flow: bare(flow6, ProtoICMPv6),
				Fragment: FragmentFirst, FragID: 9, fragEnd: 16, fragMore: true}},
		{"neighbour solicitation", ip6{next: ProtoICMPv6, src: "::"}.frame(icmpMessage(135, make([]byte, 16))),
			Packet{EtherType: EtherTypeIPv6, Version: 6, Proto: ProtoICMPv6, L3: 14, L4: 54, Control: true,
				Flow: Flow{Local: addr(us6), Proto: ProtoICMPv6}}},
		{"mld report behind router alert", ip6{next: ipv6HopByHop, ext: ext8(ProtoICMPv6)}.frame(icmpMessage(143, nil)),
			Packet{EtherType: EtherTypeIPv6, Version: 6, Proto: ProtoICMPv6, L3: 14, L4: 62, Flow: bare(flow6, ProtoICMPv6), Control: true}},
		{"too big quotes tcp", ip6{src: "2001:db8:2::9", next: ProtoICMPv6}.frame(icmpMessage(2,
			ip6{src: us6, dst: peer6, next: ipv6Destination, ext: ext8(ProtoTCP)}.packet(tcpSegment(80, 4000, 0)))),
			Packet{EtherType: EtherTypeIPv6, Version: 6, Proto: ProtoICMPv6, L3: 14, L4: 54, Flow: flow6, HasPorts: true, Quoted: true}},
		{"icmp number in ipv6 is any protocol", ip6{next: ProtoICMP}.frame(nil),
			Packet{EtherType: EtherTypeIPv6, Version: 6, Proto: ProtoICMP, L3: 14, L4: 54, Flow: bare(flow6, ProtoICMP)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.want.Dst = ourMAC
			got := Packet{Quoted: true, SYN: true, Control: true, FragID: 1} // a used one
			if r := got.Parse(test.frame); r != ReasonNone {
				t.Fatalf("Parse = %v", r)
			}
			if got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestControlTypes(t *testing.T) {
	for kind := range 256 {
		var p Packet
		r := p.Parse(ip6{next: ProtoICMPv6}.frame(icmpMessage(uint8(kind), ip6{src: us6, dst: peer6, next: 99}.packet(nil))))
		want := kind >= 130 && kind <= 137 || kind == 143
		if r != ReasonNone || p.Control != want || p.Quoted != (kind >= 1 && kind <= 4) {
			t.Errorf("type %d: %v, control %v, quoted %v", kind, r, p.Control, p.Quoted)
		}
	}
}

// TestIPv4Checksum flips every bit of a header, options included.
func TestIPv4Checksum(t *testing.T) {
	b := ip4{proto: ProtoTCP, options: []byte{7, 4, 9, 9}}.packet(nil)[:24]
	if !ipv4ChecksumOK(b) {
		t.Fatal("good header refused")
	}
	for i := range len(b) * 8 {
		b[i/8] ^= 1 << (i % 8)
		if ipv4ChecksumOK(b) {
			t.Errorf("flip of bit %d not noticed", i)
		}
		b[i/8] ^= 1 << (i % 8)
	}
	ones := make([]byte, 60)
	for i := range ones {
		ones[i] = 0xff
	}
	if !ipv4ChecksumOK(ones) {
		t.Error("carries are lost")
	}
}

// TestFlowFamilies: no IPv6 packet gives a flow that an IPv4 packet could.
func TestFlowFamilies(t *testing.T) {
	mapped := netip.AddrFrom16(addr(peer4)).String()
	for _, h := range []ip6{{src: mapped}, {dst: mapped}} {
		h.next = ProtoTCP
		var p Packet
		if r := p.Parse(h.frame(tcpSegment(1, 2, 0))); r != ReasonBadIPv6Source && r != ReasonBadIPv6Destination {
			t.Errorf("%+v: %v", h, r)
		}
	}
}

// TestTruncation cuts frames at every length: Parse must not read past the end
// and must not accept what lost a header.
func TestTruncation(t *testing.T) {
	for _, frame := range seedFrames() {
		var p Packet
		if p.Parse(frame) != ReasonNone {
			continue
		}
		need := int(p.L4)
		for n := range need {
			var q Packet
			if r := q.Parse(frame[:n:n]); r == ReasonNone {
				t.Errorf("accepted %d bytes of % x", n, frame)
			}
		}
	}
}

func TestGiantOffsets(t *testing.T) {
	var ext []byte
	for range maxExtensions {
		ext = append(ext, cat([]byte{ipv6Destination, 255}, make([]byte, 2046))...)
	}
	ext[7*2048] = ProtoUDP
	var p Packet
	if r := p.Parse(ip6{next: ipv6Destination, ext: ext}.frame(udpDatagram(1, 2, nil))); r != ReasonNone {
		t.Fatal(r)
	}
	if want := uint16(14 + 40 + 8*2048); p.L4 != want {
		t.Errorf("L4 = %d, want %d", p.L4, want)
	}
	if binary.Size(p.Flow) != 37 {
		t.Error("Flow has changed its size")
	}
}
