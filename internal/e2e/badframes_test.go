package e2e

import "encoding/binary"

// badFrame is a frame and the counter under which it is dropped.
type badFrame struct {
	reason string
	frame  []byte
}

// badFrames has a frame at least for each reason that lies in a single frame and that a veth pair lets through. Missing are
// runt and truncated_vlan, which the kernel stops.
func (f forger) badFrames() []badFrame {
	udp4, udp6, tcp4, tcp6, arp := f.udp4(9), f.udp6(9), f.tcp4(80), f.tcp6(80), f.arp()
	set := func(at int, values ...byte) func([]byte) {
		return func(b []byte) { copy(b[at:], values) }
	}
	fragment6 := func(next byte, field uint16, payload []byte) []byte {
		head := []byte{next, 0, byte(field >> 8), byte(field), 1, 2, 3, 4}
		return f.ip6(44, append(head, payload...))
	}
	options := func(n int, next byte) []byte { // n destination options headers of 8 bytes
		var b []byte
		for range n - 1 {
			b = append(b, 60, 0, 1, 4, 0, 0, 0, 0)
		}
		return append(b, next, 0, 1, 4, 0, 0, 0, 0)
	}
	loopback6 := append(make([]byte, 15), 1)
	return []badFrame{
		{"bad_source_mac", spoilt(udp4, func(b []byte) { b[6] |= 1 })},
		{"not_for_us", spoilt(udp4, set(0, 2, 0, 0, 0, 0, 0x77))},
		{"length_frame", f.ether(60, make([]byte, 60))},
		{"unknown_ethertype", f.ether(0x88b5, make([]byte, 60))},
		{"unknown_ethertype", f.ether(0x88b5, nil)},
		{"giant", f.ether(0x0800, make([]byte, 1600))},

		{"truncated_arp", arp[:atIP+27]},
		{"bad_arp", spoilt(arp, set(atIP+7, 3))},
		{"bad_arp", spoilt(arp, set(atIP+4, 8))},

		{"bad_ip_version", spoilt(udp4, set(atIP, 0x55))},
		{"bad_ip_version", spoilt(udp6, set(atIP, 0x40))},
		{"truncated_ipv4", udp4[:atIP]},
		{"truncated_ipv4", udp4[:atIP+19]},
		{"truncated_ipv4", spoilt(udp4, set(atIP, 0x4f))},
		{"bad_ipv4_header", spoilt(udp4, set(atIP, 0x44))},
		{"bad_ipv4_length", spoilt4(udp4, set(atIP+2, 0xff, 0xff))},
		{"bad_ipv4_length", spoilt4(udp4, set(atIP+2, 0, 19))},
		{"bad_ipv4_checksum", spoilt(udp4, func(b []byte) { b[atIP+10] ^= 1 })},
		{"bad_ipv4_checksum", spoilt(udp4, func(b []byte) { b[atIP+8]-- })},
		{"bad_ipv4_source", spoilt4(udp4, set(atIP+12, 127, 0, 0, 1))},
		{"bad_ipv4_source", spoilt4(udp4, set(atIP+12, 224, 0, 0, 1))},
		{"bad_ipv4_source", spoilt4(udp4, set(atIP+12, 255, 255, 255, 255))},
		{"bad_ipv4_source", spoilt4(tcp4, set(atIP+12, stack4.AsSlice()...))},
		{"bad_ipv4_destination", spoilt4(udp4, set(atIP+16, 127, 0, 0, 1))},
		{"bad_ipv4_destination", spoilt4(udp4, set(atIP+16, 0, 0, 0, 0))},

		{"truncated_ipv6", udp6[:atIP+39]},
		{"truncated_ipv6", f.ip6(60, []byte{17, 0, 1, 4})},
		{"truncated_ipv6", f.ip6(60, []byte{17, 9, 1, 4, 0, 0, 0, 0})},
		{"bad_ipv6_length", spoilt(udp6, set(atIP+4, 0xff, 0xff))},
		{"bad_ipv6_source", spoilt(udp6, set(atIP+8, 0xff, 2))},
		{"bad_ipv6_source", spoilt(tcp6, set(atIP+8, stack6.AsSlice()...))},
		{"bad_ipv6_destination", spoilt(udp6, set(atIP+24, loopback6...))},
		{"bad_ipv6_extension", f.ip6(60, append([]byte{0, 0, 1, 4, 0, 0, 0, 0}, options(1, 59)...))},
		{"bad_ipv6_extension", f.ip6(51, make([]byte, 8))},
		{"too_many_extensions", f.ip6(60, options(9, 17))},
		{"jumbogram", spoilt(f.ip6(0, options(1, 17)), set(atIP+4, 0, 0))},
		{"no_next_header", f.ip6(59, nil)},

		{"truncated_tcp", f.ip4(6, make([]byte, 19))},
		{"truncated_tcp", spoilt(tcp4, set(at4+12, 0xf0))},
		{"truncated_tcp", f.ip6(6, nil)},
		{"bad_tcp_offset", spoilt(tcp4, set(at4+12, 0x40))},
		{"bad_tcp_offset", spoilt(tcp6, set(at6+12, 0))},
		{"truncated_udp", f.ip4(17, make([]byte, 7))},
		{"truncated_udp", f.ip6(17, make([]byte, 7))},
		{"bad_udp_length", spoilt(udp4, set(at4+4, 0, 7))},
		{"bad_udp_length", spoilt(udp6, set(at6+4, 0xff, 0xff))},
		{"truncated_icmp", f.ip4(1, make([]byte, 7))},
		{"truncated_icmp", f.ip6(58, make([]byte, 7))},
		{"truncated_igmp", f.ip4(2, make([]byte, 7))},
		{"bad_quote", f.ip4(1, []byte{3, 3, 0, 0, 0, 0, 0, 0})},
		{"bad_quote", f.ip4(1, append([]byte{3, 4, 0, 0, 0, 0, 5, 0}, udp4[atIP:]...))}, // not ours, but to us
		{"bad_quote", f.ip4(1, append([]byte{3, 4, 0, 0, 0, 0, 5, 0}, spoilt(udp4, set(atIP+12, stack4.AsSlice()...))[atIP:at4+3]...))},
		{"bad_quote", f.ip6(58, append([]byte{1, 4, 0, 0, 0, 0, 0, 0}, udp6[atIP:]...))},

		{"bad_fragment", fragment6(17, 1, make([]byte, 31))},
		{"bad_fragment", fragment6(17, 0xfff8, make([]byte, 32))},
		{"bad_fragment", fragment6(17, 8, nil)},
		{"tiny_fragment", fragment6(6, 1, make([]byte, 8))},
		{"fragmented_control", fragment6(58, 0, f.solicit()[at6:])},
	}
}

// badFragments4 are for drivers other than net_af_packet, for which the kernel puts IPv4 fragments together.
func (f forger) badFragments4() []badFrame {
	fragment := func(proto byte, field uint16, n int) []byte {
		return spoilt4(f.ip4(proto, make([]byte, n)), func(b []byte) { binary.BigEndian.PutUint16(b[atIP+6:], field) })
	}
	return []badFrame{
		{"bad_fragment", fragment(17, 0x2000, 31)},
		{"bad_fragment", fragment(17, 0x1fff, 32)},
		{"bad_fragment", fragment(17, 4, 0)},
		{"tiny_fragment", fragment(6, 0x2000, 8)},
		{"tiny_fragment", fragment(6, 1, 8)},
		{"fragmented_control", fragment(2, 0x2000, 32)},
	}
}

// badSums are frames that the primary passes on and the stack drops, by the stack's counters.
func (f forger) badSums() []badFrame {
	flip := func(at int) func([]byte) { return func(b []byte) { b[at] ^= 0x55 } }
	return []badFrame{
		{"net.inet.tcp.stats.rcvbadsum", spoilt(f.tcp4(80), flip(at4+17))},
		{"net.inet.tcp.stats.rcvbadsum", spoilt(f.tcp6(80), flip(at6+17))},
		{"net.inet.udp.stats.badsum", spoilt(f.udp4(9), flip(at4+7))},
		{"net.inet.udp.stats.badsum", spoilt(f.udp6(9), flip(at6+7))},
		{"net.inet.icmp.stats.malformed", spoilt(f.ping4(), flip(at4+3))},
		{"net.inet.icmp.stats.malformed", spoilt(f.ping6(), flip(at6+3))},
	}
}
