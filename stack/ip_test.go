package stack

import (
	"fmt"
	"testing"
	"time"

	"ringstack/stack/wire"
)

// known gives the engine the station's Ethernet address for both versions.
func (s *station) known() {
	s.a.SetNeighbour(0, station4, stationMAC)
	s.a.SetNeighbour(0, station6, stationMAC)
}

func udp(src, dst wire.Addr, from, to uint16, data string) []byte {
	b := append(make([]byte, wire.UDPLen), data...)
	wire.PutUDP(b, &wire.UDP{SrcPort: from, DstPort: to, Len: len(b)}, wire.Sum(b[wire.UDPLen:], wire.PseudoSum(&src, &dst, wire.ProtoUDP, len(b))))
	return b
}

// TestInputDrops: every packet that goes no further is counted under its reason, and answered only where it may be.
func TestInputDrops(t *testing.T) {
	own4, own6 := v4(10, 0, 0, 1), wire.Addr{0: 0xfd, 15: 1}
	packet4 := func(h wire.IPv4, payload []byte) func(*station) {
		return func(s *station) { h.Dst = either(h.Dst, own4); h.Src = either(h.Src, station4); s.ip4(h, payload) }
	}
	packet6 := func(h wire.IPv6, payload []byte) func(*station) {
		return func(s *station) { h.Dst = either(h.Dst, own6); h.Src = either(h.Src, station6); s.ip6(h, payload) }
	}
	spoil := func(at int) func(*station) {
		return func(s *station) {
			b := make([]byte, 28)
			wire.PutIPv4(b, &wire.IPv4{Src: station4, Dst: own4, TTL: 1, Proto: 200, TotalLen: 28})
			b[at]++
			s.say(s.ether(s.a.mac, wire.EtherTypeIPv4, b))
		}
	}
	option := func(opts ...byte) func(*station) {
		return func(s *station) {
			b := make([]byte, 28)
			wire.PutIPv4(b, &wire.IPv4{Src: station4, Dst: own4, TTL: 1, Proto: 200, TotalLen: 28})
			b[0], b[10], b[11] = 0x46, 0, 0
			copy(b[20:24], opts)
			sum := ^wire.Fold(wire.Sum(b[:24], 0))
			b[10], b[11] = byte(sum>>8), byte(sum)
			s.say(s.ether(s.a.mac, wire.EtherTypeIPv4, b))
		}
	}
	echo4 := icmp4(wire.ICMP{Type: wire.ICMPEcho}, nil)
	for _, c := range []struct {
		name  string
		say   func(*station)
		count Counter
		heard string
	}{
		{"runt", func(s *station) { s.say(make([]byte, 13)) }, EtherRunt, ""},
		{"empty frame", func(s *station) { s.say(nil) }, EtherRunt, ""},
		{"other host", func(s *station) { s.say(s.ether(wire.MAC{2, 9, 9, 9, 9, 9}, 0x800, echo4)) }, EtherOtherHost, ""},
		{"VLAN", func(s *station) { f := s.ether(s.a.mac, 0x8100, []byte{0, 5, 8, 0}); s.say(f) }, EtherVLAN, ""},
		{"unknown type", func(s *station) { s.say(s.ether(s.a.mac, 0x1234, echo4)) }, EtherType, ""},
		{"no such port", func(s *station) { s.a.Input(1, make([]byte, 60), 0) }, EtherNoPort, ""},
		{"group as sender", func(s *station) { f := s.ether(s.a.mac, 0x800, echo4); f[6] |= 1; s.say(f) }, EtherBadSource, ""},
		{"short IPv4 packet", func(s *station) { s.say(s.ether(s.a.mac, 0x800, []byte{0x45})) }, IPBadHeader, ""},
		{"no IPv4 packet at all", func(s *station) { s.say(s.ether(s.a.mac, 0x800, nil)) }, IPBadHeader, ""},
		{"short IPv6 packet", func(s *station) { s.say(s.ether(s.a.mac, 0x86dd, []byte{0x60})) }, IPBadHeader, ""},
		{"header checksum", spoil(8), IPBadSum, ""},
		{"unknown protocol", packet4(wire.IPv4{Proto: 200}, make([]byte, 8)), IPNoProto, "10.0.0.1 > 10.0.0.9 icmp 3/2"},
		{"unknown next header", packet6(wire.IPv6{Next: 200, HopLimit: 64}, make([]byte, 8)), IPNoProto, "fd00::1 > fe80::9 icmp 4/1"},
		{"ICMPv6 in IPv4", packet4(wire.IPv4{Proto: wire.ProtoICMPv6}, make([]byte, 8)), IPNoProto, "10.0.0.1 > 10.0.0.9 icmp 3/2"},
		{"IGMP without payload", packet4(wire.IPv4{Proto: wire.ProtoIGMP}, nil), GroupQueryBad, ""},
		{"malformed option", option(7, 0, 0, 0), IPBadOptions, "10.0.0.1 > 10.0.0.9 icmp 12/0"},
		{"source route", option(131, 3, 4, 0), IPSourceRoute, ""},
		{"group as source", packet4(wire.IPv4{Src: v4(224, 0, 0, 1), Proto: 200}, nil), IPBadSource, ""},
		{"class E as source", packet4(wire.IPv4{Src: v4(250, 0, 0, 1), Proto: 200}, nil), IPBadSource, ""},
		{"loopback as source", packet4(wire.IPv4{Src: v4(127, 0, 0, 1), Proto: 200}, nil), IPBadSource, ""},
		{"our address as source", packet4(wire.IPv4{Src: own4, Proto: 200}, nil), IPBadSource, ""},
		{"our broadcast as source", packet4(wire.IPv4{Src: v4(10, 0, 0, 255), Proto: 1}, echo4), IPBadSource, ""},
		{"loopback as destination", packet4(wire.IPv4{Dst: v4(127, 0, 0, 1), Proto: 200}, nil), IPNotOurs, ""},
		{"::1 as destination", packet6(wire.IPv6{Dst: wire.Loopback6, Next: 59}, nil), IPBadDestination, ""},
		{"mapped source", packet6(wire.IPv6{Src: station4, Next: 59}, nil), IPBadSource, ""},
		{"interface-local group", packet6(wire.IPv6{Dst: wire.Addr{0: 0xff, 1: 1, 15: 1}, Next: 59}, nil), IPBadDestination, ""},
		{"not ours", packet4(wire.IPv4{Dst: v4(10, 0, 0, 2), Proto: 200}, nil), IPNotOurs, ""},
		{"group we are not in", packet4(wire.IPv4{Dst: v4(239, 0, 0, 2), Proto: 200}, nil), IPNotOurs, ""},
		{"unicast packet in broadcast frame", func(s *station) {
			b := make([]byte, 28)
			wire.PutIPv4(b, &wire.IPv4{Src: station4, Dst: own4, TTL: 1, Proto: 1, TotalLen: 28})
			copy(b[20:], echo4)
			s.say(s.ether(wire.BroadcastMAC, wire.EtherTypeIPv4, b))
		}, IPBadDestination, ""},
		{"broadcast echo", packet4(wire.IPv4{Dst: v4(10, 0, 0, 255), Proto: 1}, echo4), ICMPGroupEcho, ""},
		{"ICMP checksum", packet4(wire.IPv4{Proto: 1}, []byte{8, 0, 1, 1, 0, 0, 0, 0}), ICMPBadSum, ""},
		{"short ICMP", packet4(wire.IPv4{Proto: 1}, []byte{8, 0, 1, 1}), ICMPBad, ""},
		{"short ICMPv6", packet6(wire.IPv6{Next: 58}, []byte{128, 0, 1, 1}), ICMPBad, ""},
		{"redirect", packet4(wire.IPv4{Proto: 1}, icmp4(wire.ICMP{Type: 5}, nil)), ICMPRedirects, ""},
		{"timestamp request", packet4(wire.IPv4{Proto: 1}, icmp4(wire.ICMP{Type: 13}, nil)), ICMPUnknown, ""},
		{"error about nothing", packet4(wire.IPv4{Proto: 1}, icmp4(wire.ICMP{Type: 3}, nil)), ICMPErrorUnmatched, ""},
		{"no next header", packet6(wire.IPv6{Next: 59}, nil), IP6NoNext, ""},
		{"hop-by-hop late", packet6(wire.IPv6{Next: 60}, []byte{0, 0, 1, 4, 0, 0, 0, 0, 59, 0, 1, 4, 0, 0, 0, 0}), IP6BadExtension, "fd00::1 > fe80::9 icmp 4/1"},
		{"option to report", packet6(wire.IPv6{Next: 60}, []byte{59, 0, 0x80, 4, 0, 0, 0, 0}), IP6UnknownOption, "fd00::1 > fe80::9 icmp 4/2"},
		{"option to report, to a group", packet6(wire.IPv6{Dst: wire.AllNodes, Next: 60}, []byte{59, 0, 0x80, 4, 0, 0, 0, 0}), IP6UnknownOption, "fe80::ff:fe00:1 > fe80::9 icmp 4/2"},
		{"option to report but not to a group", packet6(wire.IPv6{Dst: wire.AllNodes, Next: 60}, []byte{59, 0, 0xc0, 4, 0, 0, 0, 0}), IP6UnknownOption, ""},
		{"option to discard", packet6(wire.IPv6{Next: 60}, []byte{59, 0, 0x40, 4, 0, 0, 0, 0}), IP6UnknownOption, ""},
		{"truncated extension", packet6(wire.IPv6{Next: 60}, []byte{59, 9}), IP6BadExtension, ""},
		{"UDP length", packet4(wire.IPv4{Proto: 17}, []byte{0, 1, 0, 2, 0, 9, 0, 0}), UDPBadLength, ""},
		{"odd fragment", packet6(wire.IPv6{Next: 44}, append([]byte{59, 0, 0, 9, 0, 0, 0, 1}, 1, 2, 3)), IPFragmentDrops, "fd00::1 > fe80::9 icmp 4/0"},
		{"first fragment without all headers", packet6(wire.IPv6{Next: 44}, append([]byte{6, 0, 0, 1, 0, 0, 0, 1}, make([]byte, 8)...)), IPFragmentDrops, "fd00::1 > fe80::9 icmp 4/3"},
		{"error about an error", packet4(wire.IPv4{Proto: 1, Dst: own4}, icmp4(wire.ICMP{Type: 3, Code: 3}, make([]byte, 28))), ICMPErrorUnmatched, ""},
	} {
		s := newStation(t, nil)
		s.known()
		before := s.a.count(c.count)
		c.say(s)
		s.a.Poll(0)
		if got := s.a.count(c.count) - before; got != 1 {
			t.Errorf("%s: %s counted %d times", c.name, c.count, got)
		}
		if got := s.heard(); got != c.heard {
			t.Errorf("%s: heard %q, want %q", c.name, got, c.heard)
		}
	}
}

func either(a, b wire.Addr) wire.Addr {
	if a == (wire.Addr{}) {
		return b
	}
	return a
}

func TestCounterNames(t *testing.T) {
	seen := map[string]bool{}
	for c := range numCounters {
		if c.String() == "" || seen[c.String()] {
			t.Errorf("counter %d is called %q", c, c)
		}
		seen[c.String()] = true
	}
}

func TestErrorRateLimit(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Errors = 10 })
	s.known()
	for range 100 {
		s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: 200}, make([]byte, 8))
	}
	if n := len(s.inbox); n != 10 || s.a.count(ICMPErrorLimited) != 90 {
		t.Errorf("%d errors in a burst", n)
	}
	s.now = 500 * time.Millisecond
	for range 100 {
		s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: 200}, make([]byte, 8))
	}
	if n := len(s.inbox); n != 15 {
		t.Errorf("%d errors after half a second", n)
	}
}

func TestErrorLengths(t *testing.T) {
	s := newStation(t, nil)
	s.known()
	s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: 200}, make([]byte, 1400))
	s.ip6(wire.IPv6{Src: station6, Dst: s.a.v6, Next: 200}, make([]byte, 1400))
	if a, b := len(s.inbox[0])-14, len(s.inbox[1])-14; a != 576 || b != 1280 {
		t.Errorf("errors of %d and %d bytes", a, b)
	}
	for i, f := range s.inbox {
		at := []int{20, 40}[i]
		q, ok := wire.ParseQuote(f[14+at+8:])
		if !ok || q.Proto != 200 {
			t.Errorf("quote %+v", q)
		}
	}
}

func TestFragmentTimeout(t *testing.T) {
	s := newStation(t, nil)
	s.known()
	s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: wire.ProtoUDP, MF: true}, make([]byte, 800))
	s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: wire.ProtoUDP, ID: 1, FragOffset: 800}, make([]byte, 80)) // no first fragment
	s.ip6(wire.IPv6{Src: station6, Dst: s.a.v6, Next: wire.ProtoFragment}, append([]byte{17, 0, 0, 1, 0, 0, 0, 1}, make([]byte, 800)...))
	s.poll(29 * time.Second)
	s.expectHeard()
	s.poll(31 * time.Second)
	s.expectHeard("10.0.0.1 > 10.0.0.9 icmp 11/1")
	s.poll(61 * time.Second)
	s.expectHeard("fd00::1 > fe80::9 icmp 3/1")
}

func TestPathMTU(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		b.open(Ends{LocalPort: 53})
		id := a.open(Ends{Remote: lb, RemotePort: 53})
		a.SendUDP(id, &Datagram{Data: make([]byte, 1400)})
		settle(0, a, b)
		var original []byte
		a.filter = func(f []byte) bool { original = append([]byte{}, f...); return false }
		a.SendUDP(id, &Datagram{Data: make([]byte, 1400)})
		a.filter = nil

		tooBig := func(mtu uint32) {
			s := &station{host: &host{t: t}, a: a}
			if la.Is4() {
				s.ip4(wire.IPv4{Src: station4, Dst: la, Proto: wire.ProtoICMP}, icmp4(wire.ICMP{Type: 3, Code: 4, Rest: mtu}, original[14:14+28]))
			} else {
				message := append([]byte{2, 0, 0, 0, byte(mtu >> 24), byte(mtu >> 16), byte(mtu >> 8), byte(mtu)}, original[14:]...)
				s.icmp6(station6, la, 64, message)
			}
		}
		pieces := func() uint64 {
			before := a.count(IPFragmentsOut)
			b.log = nil
			a.SendUDP(id, &Datagram{Data: make([]byte, 1400)})
			settle(a.now, a, b)
			if len(b.log) != 1 {
				t.Errorf("%d datagrams arrive", len(b.log))
			}
			return a.count(IPFragmentsOut) - before
		}
		if n := pieces(); n != 0 {
			t.Errorf("%d fragments before", n)
		}
		tooBig(1300)
		if n := pieces(); n != 2 {
			t.Errorf("%d fragments at 1300", n)
		}
		tooBig(1350) // larger than known: no news
		tooBig(10)   // below what is believed
		least := uint64(2)
		if la.Is4() {
			least = (1408 + 527) / 528 // of weakestMTU4
		}
		if n := pieces(); n != least {
			t.Errorf("%d fragments, not %d, at the least MTU", n, least)
		}
		a.expect(fmt.Sprintf("error about %s: message too long", hostPort(lb, 53)), fmt.Sprintf("error about %s: message too long", hostPort(lb, 53)), fmt.Sprintf("error about %s: message too long", hostPort(lb, 53)))
		a.Poll(11 * time.Minute)
		if n := pieces(); n != 0 {
			t.Errorf("%d fragments after ten minutes", n)
		}
		a.CloseUDP(id)
		tooBig(1300) // nobody sent that
		if a.mtus.n != 0 {
			t.Error("a forged message is believed")
		}
	})
}

func TestPathMTULimit(t *testing.T) {
	a := newHost(t, 1, func(c *Config) { c.PathMTUs = 8 })
	for i := range 100 {
		p, ok := a.findPath(&wire.Addr{}, &wire.Addr{0: 0xfd, 14: byte(i), 15: 5}, anyPort)
		if !ok || a.reducePathMTU(&p, 1300) != 1300 || a.pathMTU(&p) != 1300 || a.mtus.n > 8 {
			t.Fatalf("destination %d: %d entries", i, a.mtus.n)
		}
	}
}

func TestFullLoopback(t *testing.T) {
	a := newHost(t, 1, nil)
	for i := range 1000 {
		size := (i * 7919) % 60000
		a.Ping(wire.Addr{}, a.v4, 1, uint16(i), make([]byte, size))
		if i%5 == 0 {
			settle(0, a)
		}
	}
	settle(0, a)
	if a.loop.used != 0 || a.count(LoopFull) == 0 || a.count(NoBuffer) != 0 {
		t.Errorf("%d bytes left, %d refused", a.loop.used, a.count(LoopFull))
	}
	a.log = nil
	a.Ping(wire.Addr{}, a.v4, 1, 1, make([]byte, 60000))
	settle(0, a)
	a.expect("echo reply 1/1 of 60000 from 10.0.0.1")
}
