package stack

import (
	"testing"
	"time"

	"ringstack/stack/wire"
)

// TestControlPathsDoNotAllocate: what a hostile neighbour can make the engine do costs no garbage.
func TestControlPathsDoNotAllocate(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Errors = 1 << 20 })
	s.a.quiet = true
	s.known()
	frames := map[string][]byte{}
	keep := func(name string, say func()) {
		// The station builds each frame once; the engine then gets it again and again.
		before := s.a.count(EtherIn)
		s.a.capture = func(f []byte) { frames[name] = f }
		say()
		s.a.capture = nil
		if s.a.count(EtherIn) == before || frames[name] == nil {
			t.Fatalf("%s: no frame", name)
		}
	}
	keep("ARP request", func() { s.arp(wire.ARPRequest, station4, s.a.v4, stationMAC, wire.BroadcastMAC) })
	keep("solicitation", func() {
		s.neighbor(wire.ICMPv6NeighborSolicit, station6, s.a.v6.SolicitedNode(), wire.Neighbor{Target: s.a.v6, Options: wire.NDPOptions{HasSource: true, Source: stationMAC}})
	})
	keep("closed UDP port", func() {
		s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: wire.ProtoUDP}, udp(station4, s.a.v4, 1, 9, "x"))
	})
	keep("closed UDP port, IPv6", func() {
		s.ip6(wire.IPv6{Src: station6, Dst: s.a.v6, Next: wire.ProtoUDP, HopLimit: 64}, udp(station6, s.a.v6, 1, 9, "x"))
	})
	keep("lone fragment", func() {
		s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: wire.ProtoUDP, MF: true}, make([]byte, 800))
	})
	keep("bad extension", func() {
		s.ip6(wire.IPv6{Src: station6, Dst: s.a.v6, Next: 60, HopLimit: 64}, []byte{59, 0, 0x80, 4, 0, 0, 0, 0})
	})
	s.a.peer = nil // the answers are not looked at
	for name, f := range frames {
		now := time.Duration(0)
		round := func() {
			now += 31 * time.Second
			s.a.Input(0, f, now)
			s.a.Poll(now)
		}
		for range 10 {
			round()
		}
		if n := testing.AllocsPerRun(100, round); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
