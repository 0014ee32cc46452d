package dispatch

import (
	"regexp"
	"testing"
)

// badFrames has, for each reason that Parse can give, frames that get it.
func badFrames() map[Reason][][]byte {
	syn := tcpSegment(4000, 80, tcpSYN)
	udp := udpDatagram(4000, 80, []byte("12345678"))
	tcp := tcp4(4000, 80, tcpSYN)
	tcp6 := ip6{next: ProtoTCP}.frame(syn)
	quote4 := ip4{src: us4, dst: peer4, proto: ProtoTCP}.packet(syn)
	quote6 := ip6{src: us6, dst: peer6, next: ProtoTCP}.packet(syn)
	icmp := func(body []byte) []byte { return ip4{proto: ProtoICMP}.frame(icmpMessage(3, body)) }
	icmp6 := func(body []byte) []byte { return ip6{next: ProtoICMPv6}.frame(icmpMessage(1, body)) }
	reheader := func(at int, bytes ...byte) []byte {
		b := edit(tcp, 14+at, bytes...)
		fixChecksum(b[14:])
		return b
	}
	var nine []byte
	for range maxExtensions {
		nine = append(nine, ext8(ipv6Destination)...)
	}
	nine = append(nine, ext8(ProtoTCP)...)
	frag6 := func(next uint8, offset int, more bool, payload []byte) []byte {
		return ip6{next: ipv6Fragment, ext: fragExt(next, offset, more, 1)}.frame(payload)
	}
	frag4 := func(proto uint8, frag int, payload []byte) []byte {
		return ip4{proto: proto, frag: frag}.frame(payload)
	}

	return map[Reason][][]byte{
		ReasonRunt:             {nil, tcp[:13]},
		ReasonBadSourceMAC:     {edit(tcp, 6, 3), edit(tcp, 6, 255, 255, 255, 255, 255, 255)},
		ReasonLengthFrame:      {ether(0x05dc, make([]byte, 100)), ether(0, nil), ether(0x05ff, nil)},
		ReasonTruncatedVLAN:    {ether(EtherTypeVLAN, []byte{0, 1, 8})},
		ReasonUnknownEtherType: {ether(0x88cc, make([]byte, 46)), tagged(1, EtherTypeVLAN, make([]byte, 46)), ether(0x0600, nil), ether(0xffff, nil)},
		ReasonTruncatedARP:     {ether(EtherTypeARP, arpMessage(1)[:27])},
		ReasonBadARP: {
			ether(EtherTypeARP, edit(arpMessage(1), 0, 0, 6)), ether(EtherTypeARP, edit(arpMessage(1), 2, 0x86, 0xdd)),
			ether(EtherTypeARP, edit(arpMessage(1), 4, 8)), ether(EtherTypeARP, edit(arpMessage(1), 5, 16)),
			ether(EtherTypeARP, arpMessage(0)), ether(EtherTypeARP, arpMessage(3)),
		},
		ReasonBadIPVersion:    {reheader(0, 0x65), edit(tcp6, 14, 0x45), reheader(0, 0x05)},
		ReasonTruncatedIPv4:   {tcp[:33], reheader(0, 0x4f)},
		ReasonBadIPv4Header:   {reheader(0, 0x44), reheader(0, 0x40)},
		ReasonBadIPv4Length:   {reheader(2, 0, 41), reheader(2, 0, 19), reheader(2, 0xff, 0xff), reheader(2, 0, 0)},
		ReasonBadIPv4Checksum: {edit(tcp, 14+10, 0, 0), edit(tcp, 14+8, 63)},
		ReasonBadIPv4Source: {
			ip4{src: "224.0.0.1", proto: ProtoTCP}.frame(syn), ip4{src: "255.255.255.255", proto: ProtoTCP}.frame(syn),
			ip4{src: "127.0.0.1", proto: ProtoTCP}.frame(syn), ip4{src: us4, proto: ProtoTCP}.frame(syn),
		},
		ReasonBadIPv4Destination: {ip4{dst: "127.1.2.3", proto: ProtoTCP}.frame(syn), ip4{dst: "0.0.0.0", proto: ProtoTCP}.frame(syn)},
		ReasonTruncatedIPv6: {
			tcp6[:53], ip6{next: ipv6HopByHop, ext: ext8(ProtoTCP)[:7]}.frame(nil),
			ip6{next: ipv6Destination, ext: []byte{ProtoTCP, 3, 0, 0, 0, 0, 0, 0}}.frame(syn[:16]),
			ip6{next: ipv6AH, ext: []byte{ProtoTCP, 9, 0, 0, 0, 0, 0, 0}}.frame(syn),
		},
		ReasonBadIPv6Length: {edit(tcp6, 14+4, 0, 21), tcp6[:len(tcp6)-1]},
		ReasonBadIPv6Source: {
			ip6{src: "ff02::1", next: ProtoTCP}.frame(syn), ip6{src: "::1", next: ProtoTCP}.frame(syn),
			ip6{src: "::ffff:1.2.3.4", next: ProtoTCP}.frame(syn), ip6{src: us6, next: ProtoTCP}.frame(syn),
		},
		ReasonBadIPv6Destination: {
			ip6{dst: "::1", next: ProtoTCP}.frame(syn), ip6{dst: "::", next: ProtoTCP}.frame(syn),
			ip6{dst: "::ffff:1.2.3.4", next: ProtoTCP}.frame(syn),
		},
		ReasonBadIPv6Extension: {
			ip6{next: ipv6Destination, ext: cat(ext8(ipv6HopByHop), ext8(ProtoTCP))}.frame(syn),
			ip6{next: ipv6AH, ext: []byte{ProtoTCP, 0, 0, 0, 0, 0, 0, 0}}.frame(syn),
			ip6{next: ipv6Fragment, ext: cat(fragExt(ipv6Fragment, 0, false, 1), fragExt(ProtoTCP, 0, false, 1))}.frame(syn),
			ip6{next: ipv6Fragment, ext: cat(fragExt(ipv6Fragment, 0, true, 1), fragExt(ProtoTCP, 0, true, 1))}.frame(make([]byte, 24)),
		},
		ReasonTooManyExtensions: {ip6{next: ipv6Destination, ext: nine}.frame(syn)},
		ReasonJumbogram:         {edit(ip6{next: ipv6HopByHop, ext: ext8(ProtoTCP)}.frame(syn), 14+4, 0, 0)},
		ReasonNoNextHeader:      {ip6{next: ipv6NoNext}.frame(nil), ip6{next: ipv6Destination, ext: ext8(ipv6NoNext)}.frame(syn)},
		ReasonTruncatedTCP: {
			ip4{proto: ProtoTCP}.frame(syn[:19]), ip6{next: ProtoTCP}.frame(syn[:19]), ip4{proto: ProtoTCP}.frame(nil),
			ip4{proto: ProtoTCP}.frame(edit(syn, 12, 0x60)), append(ip4{proto: ProtoTCP}.frame(edit(syn, 12, 0x60)), 0, 0, 0, 0),
		},
		ReasonBadTCPOffset: {ip4{proto: ProtoTCP}.frame(edit(syn, 12, 0x40)), ip6{next: ProtoTCP}.frame(edit(syn, 12, 0))},
		ReasonTruncatedUDP: {ip4{proto: ProtoUDP}.frame(udp[:7]), ip6{next: ProtoUDP}.frame(nil)},
		ReasonBadUDPLength: {
			ip4{proto: ProtoUDP}.frame(edit(udp, 4, 0, 7)), ip4{proto: ProtoUDP}.frame(edit(udp, 4, 0, 17)),
			ip6{next: ProtoUDP}.frame(edit(udp, 4, 0, 0)), frag4(ProtoUDP, ipv4MoreFrags, edit(udp, 4, 0, 7)),
		},
		ReasonTruncatedICMP: {ip4{proto: ProtoICMP}.frame(make([]byte, 7)), ip6{next: ProtoICMPv6}.frame([]byte{135, 0, 0, 0})},
		ReasonTruncatedIGMP: {ip4{proto: ProtoIGMP}.frame(make([]byte, 7))},
		ReasonBadQuote: {
			icmp(nil), icmp(quote4[:19]), icmp(quote4[:23]), icmp(edit(quote4, 0, 0x65)), icmp(edit(quote4, 0, 0x44)),
			icmp(edit(quote4, 0, 0x4f)[:24]), icmp(edit(quote4, 15, 9)),
			icmp6(nil), icmp6(quote6[:39]), icmp6(quote6[:43]), icmp6(edit(quote6, 0, 0x45)), icmp6(edit(quote6, 23, 9)),
			icmp6(edit(quote6, 6, ipv6Destination)), icmp6(ip6{src: us6, dst: "::ffff:1.2.3.4", next: ProtoTCP}.packet(syn)),
			icmp6(ip6{src: us6, dst: peer6, next: ipv6Destination, ext: ext8(ProtoTCP)}.packet(nil)),
		},
		ReasonBadFragment: {
			frag4(ProtoUDP, ipv4MoreFrags, udp[:15]), frag4(ProtoUDP, 3, nil), frag4(ProtoUDP, ipv4MoreFrags, nil),
			frag4(ProtoUDP, 0x1fff, make([]byte, 8)), frag6(ProtoUDP, 0, true, udp[:15]), frag6(ProtoUDP, 8, false, nil),
			frag6(ProtoUDP, 0xfff8, false, make([]byte, 8)),
		},
		ReasonTinyFragment: {
			frag4(ProtoTCP, ipv4MoreFrags, syn[:16]), frag4(ProtoTCP, 1, syn), frag4(ProtoTCP, ipv4MoreFrags, edit(cat(syn, syn)[:24], 12, 0x70)),
			frag6(ProtoTCP, 0, true, syn[:8]), frag6(ProtoTCP, 8, false, syn),
			frag6(ipv6Destination, 0, true, []byte{ProtoTCP, 1, 0, 0, 0, 0, 0, 0}), frag6(ipv6Destination, 0, true, ext8(ProtoTCP)),
		},
		ReasonFragmentedControl: {
			frag6(ProtoICMPv6, 0, true, icmpMessage(135, nil)), frag6(ProtoICMPv6, 0, false, icmpMessage(135, nil)),
			frag4(ProtoIGMP, ipv4MoreFrags, make([]byte, 8)), frag4(ProtoIGMP, 1, make([]byte, 8)),
		},
	}
}

func TestParseReasons(t *testing.T) {
	for want, frames := range badFrames() {
		for i, frame := range frames {
			var p Packet
			if got := p.Parse(frame); got != want {
				t.Errorf("%v #%d: got %v", want, i, got)
			}
		}
	}
}

// TestReasonsReachable: Parse gives each reason but those that are Decide's,
// and those are covered by tests of Decide.
func TestReasonsReachable(t *testing.T) {
	bad := badFrames()
	for _, r := range []Reason{ReasonNone, ReasonFragTimeout, ReasonFragEvicted, ReasonFragTooMany, ReasonFragLost, ReasonNotForUs, ReasonNoSecondary, ReasonPinsFull, ReasonDraining, ReasonHeldOff} {
		bad[r] = [][]byte{nil}
	}
	for r := range Reason(NumReasons) {
		if len(bad[r]) == 0 {
			t.Errorf("no frame for %v", r)
		}
	}
}

func TestReasonNames(t *testing.T) {
	snake := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	seen := map[string]Reason{}
	for r := range Reason(NumReasons) {
		name := r.String()
		if other, ok := seen[name]; ok || !snake.MatchString(name) {
			t.Errorf("name %q of %d (also of %d?)", name, r, other)
		}
		seen[name] = r
	}
	if got := Reason(NumReasons).String(); got != "unknown_reason" {
		t.Errorf("past the end: %q", got)
	}
}
