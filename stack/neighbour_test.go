package stack

import (
	"syscall"
	"testing"
	"time"

	"ringstack/stack/neigh"
	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

func (h *host) neighbour(a wire.Addr) (found neigh.Entry) {
	h.Neighbours(func(n neigh.Entry) bool {
		if n.Addr == a {
			found = n
		}
		return true
	})
	return found
}

func TestARPAnswers(t *testing.T) {
	s := newStation(t, nil)
	s.arp(wire.ARPRequest, station4, s.a.v4, stationMAC, wire.BroadcastMAC)
	s.expectHeard("arp 2 10.0.0.1 for 10.0.0.9 to 02:00:00:00:00:09")
	if got := s.a.neighbour(station4); got.State != neigh.Stale || got.MAC != stationMAC {
		t.Errorf("%+v", got)
	}
	s.arp(wire.ARPRequest, wire.Any4, s.a.v4, stationMAC, wire.BroadcastMAC) // a probe
	s.expectHeard("arp 2 10.0.0.1 for 0.0.0.0 to 02:00:00:00:00:09")
	s.arp(wire.ARPRequest, v4(10, 0, 0, 8), v4(10, 0, 0, 7), stationMAC, wire.BroadcastMAC)
	s.arp(wire.ARPReply, v4(10, 0, 0, 8), s.a.v4, stationMAC, s.a.mac) // nobody asked
	s.arp(wire.ARPRequest, station4, s.a.v4, wire.BroadcastMAC, wire.BroadcastMAC)
	s.expectHeard()
	if got := s.a.neighbour(v4(10, 0, 0, 8)); got.State != neigh.None {
		t.Errorf("a stranger is in the cache: %+v", got)
	}
	if s.a.count(ARPBad) != 1 {
		t.Error("a group as sender is not counted")
	}
}

func TestARPConflict(t *testing.T) {
	s := newStation(t, nil)
	for range 3 {
		s.arp(wire.ARPRequest, s.a.v4, s.a.v4, stationMAC, wire.BroadcastMAC)
	}
	s.expectHeard("arp 1 10.0.0.1 for 10.0.0.1 to ff:ff:ff:ff:ff:ff") // defended once
	if len(s.a.log) != 3 || s.a.log[0] != "conflict about 10.0.0.1 with 02:00:00:00:00:09" {
		t.Errorf("%q", s.a.log)
	}
	s.now = 11 * time.Second
	s.arp(wire.ARPReply, s.a.v4, v4(10, 0, 0, 5), stationMAC, wire.BroadcastMAC)
	s.expectHeard("arp 1 10.0.0.1 for 10.0.0.1 to ff:ff:ff:ff:ff:ff")
	s.arp(wire.ARPRequest, s.a.v4, s.a.v4, s.a.mac, wire.BroadcastMAC) // our own echo
	if len(s.a.log) != 4 {
		t.Errorf("%q", s.a.log)
	}
}

// Engines that share an address all learn, the leader alone answers.
func TestLeader(t *testing.T) {
	leads := false
	s := newStation(t, func(c *Config) { c.Leader = func() bool { return leads } })
	ask := func() {
		s.arp(wire.ARPRequest, station4, s.a.v4, stationMAC, wire.BroadcastMAC)
		group := s.a.v6.SolicitedNode()
		s.neighbor(wire.ICMPv6NeighborSolicit, station6, group, wire.Neighbor{Target: s.a.v6, Options: wire.NDPOptions{HasSource: true, Source: stationMAC}})
	}
	ask()
	s.expectHeard()
	other6 := wire.Addr{0: 0xfd, 15: 0x77}
	s.arp(wire.ARPReply, v4(10, 0, 0, 8), s.a.v4, stationMAC, s.a.mac) // somebody asked in our name
	s.neighbor(wire.ICMPv6NeighborAdvert, other6, s.a.v6, wire.Neighbor{Target: other6, Flags: wire.NDPSolicited | wire.NDPOverride, Options: wire.NDPOptions{HasTarget: true, Target: stationMAC}})
	for _, addr := range []wire.Addr{station4, station6, v4(10, 0, 0, 8), other6} {
		if got := s.a.neighbour(addr); got.State != neigh.Stale || got.MAC != stationMAC {
			t.Errorf("%s: %+v", addr, got)
		}
	}
	leads = true
	ask()
	s.expectHeard("arp 2 10.0.0.1 for 10.0.0.9 to 02:00:00:00:00:09", "fd00::1 > fe80::9 ndp 136 for fd00::1 flags 3")
}

func TestNDPAnswers(t *testing.T) {
	s := newStation(t, nil)
	group := s.a.v6.SolicitedNode()
	question := wire.Neighbor{Target: s.a.v6, Options: wire.NDPOptions{HasSource: true, Source: stationMAC}}
	s.neighbor(wire.ICMPv6NeighborSolicit, station6, group, question)
	s.expectHeard("fd00::1 > fe80::9 ndp 136 for fd00::1 flags 3")
	s.neighbor(wire.ICMPv6NeighborSolicit, wire.Addr{}, group, wire.Neighbor{Target: s.a.v6}) // detection elsewhere
	s.expectHeard("fd00::1 > ff02::1 ndp 136 for fd00::1 flags 1")

	// A question without the asker's address is answered to where it is known to be.
	s.neighbor(wire.ICMPv6NeighborSolicit, station6, s.a.v6, wire.Neighbor{Target: s.a.v6})
	s.expectHeard("fd00::1 > fe80::9 ndp 136 for fd00::1 flags 3")

	bad := s.a.count(NDPBad)
	b := make([]byte, wire.NeighborLen(&question))
	wire.PutNeighbor(b, wire.ICMPv6NeighborSolicit, &question, &station6, &group)
	s.icmp6(station6, group, 254, b) // a router forwarded it
	s.neighbor(wire.ICMPv6NeighborSolicit, wire.Addr{}, group, question)
	s.neighbor(wire.ICMPv6NeighborSolicit, wire.Addr{}, s.a.v6, wire.Neighbor{Target: s.a.v6})
	atomic := append([]byte{wire.ProtoICMPv6, 0, 0, 0, 0, 0, 0, 1}, b...)
	wire.PutNeighbor(b, wire.ICMPv6NeighborSolicit, &question, &station6, &group)
	s.ip6(wire.IPv6{Src: station6, Dst: group, Next: wire.ProtoFragment, HopLimit: 255}, atomic)
	s.expectHeard()
	if got := s.a.count(NDPBad) - bad; got != 3 {
		t.Errorf("%d bad messages", got)
	}
	if s.neighbor(wire.ICMPv6NeighborAdvert, station6, wire.AllNodes, wire.Neighbor{Target: s.a.v6, Options: wire.NDPOptions{HasTarget: true, Target: stationMAC}}); len(s.a.log) != 1 {
		t.Errorf("no conflict: %q", s.a.log)
	}
}

// TestReachability walks through the states by what goes over the wire (RFC 4861 section 7.3).
func TestReachability(t *testing.T) {
	s := newStation(t, nil)
	id := s.a.open(Ends{Local: s.a.v4, LocalPort: 1})
	send := func() { s.a.SendUDP(id, &Datagram{Remote: station4, RemotePort: 2}) }
	s.poll(0)
	send()
	send()
	s.expectHeard("arp 1 10.0.0.1 for 10.0.0.9 to ff:ff:ff:ff:ff:ff")
	s.arp(wire.ARPReply, station4, s.a.v4, stationMAC, s.a.mac)
	s.expectHeard("10.0.0.1 > 10.0.0.9 udp 0", "10.0.0.1 > 10.0.0.9 udp 0")
	s.poll(time.Minute)
	send()
	s.expectHeard("10.0.0.1 > 10.0.0.9 udp 0")
	s.poll(time.Minute + 5*time.Second + time.Millisecond)
	s.expectHeard("arp 1 10.0.0.1 for 10.0.0.9 to 02:00:00:00:00:09")
	s.arp(wire.ARPReply, station4, s.a.v4, stationMAC, s.a.mac)
	if got := s.a.neighbour(station4); got.State != neigh.Reachable {
		t.Errorf("%+v", got)
	}
}

func TestDetection(t *testing.T) {
	config := func(c *Config) { c.Ports[0].Detect, c.Ports[0].LinkLocal = true, false }
	s := newStation(t, config)
	next := s.poll(0)
	if next > time.Second {
		t.Errorf("the first probe comes at %v", next)
	}
	s.poll(time.Second)
	s.expectHeard(":: > ff02::1:ff00:1 ndp 135 for fd00::1 flags 0")
	if s.a.Ping(wire.Addr{}, wire.Addr{0: 0xfd, 15: 9}, 1, 1, nil) == 0 {
		t.Error("a tentative address is used")
	}
	question := wire.Neighbor{Target: s.a.v6, Options: wire.NDPOptions{HasSource: true, Source: stationMAC}}
	s.neighbor(wire.ICMPv6NeighborSolicit, station6, s.a.v6.SolicitedNode(), question)
	s.expectHeard()
	s.poll(2*time.Second + time.Millisecond)
	s.neighbor(wire.ICMPv6NeighborSolicit, station6, s.a.v6.SolicitedNode(), question)
	s.expectHeard("fd00::1 > fe80::9 ndp 136 for fd00::1 flags 3")

	for name, object := range map[string]func(*station){
		"somebody has it": func(s *station) {
			s.neighbor(wire.ICMPv6NeighborAdvert, station6, wire.AllNodes, wire.Neighbor{Target: s.a.v6, Flags: wire.NDPOverride, Options: wire.NDPOptions{HasTarget: true, Target: stationMAC}})
		},
		"somebody wants it": func(s *station) {
			s.neighbor(wire.ICMPv6NeighborSolicit, wire.Addr{}, s.a.v6.SolicitedNode(), wire.Neighbor{Target: s.a.v6})
		},
	} {
		s := newStation(t, config)
		s.poll(time.Second)
		object(s)
		s.poll(5 * time.Second)
		s.heard()
		if len(s.a.log) != 1 {
			t.Errorf("%s: %q", name, s.a.log)
		}
		s.neighbor(wire.ICMPv6NeighborSolicit, station6, s.a.v6.SolicitedNode(), question)
		s.expectHeard()
	}
}

// A probe of our own that comes back from the network is no duplicate (RFC 7527).
func TestDetectionLoopedBack(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Ports[0].Detect = true; c.Ports[0].LinkLocal = false })
	s.poll(time.Second)
	s.say(s.inbox[0])
	if len(s.a.log) != 0 {
		t.Errorf("%q", s.a.log)
	}
}

func TestAutoconf(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Ports[0].Autoconf = true })
	s.poll(0)
	s.poll(time.Second)
	s.expectHeard("fe80::ff:fe00:1 > ff02::2 icmp 133/0")
	advert := func(lifetime, valid, preferred byte) {
		b := []byte{134, 0, 0, 0, 55, 0, 0, lifetime, 0, 0, 0, 0, 0, 0, 0, 0,
			1, 1, 2, 0, 0, 0, 0, 9, 5, 1, 0, 0, 0, 0, 5, 0xdc - 100,
			3, 4, 64, 0xc0, 0, 0, valid, 0, 0, 0, preferred, 0, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}
		s.icmp6(station6, wire.AllNodes, 255, b)
	}
	advert(200, 0x70, 0x60) // valid for 28672 s
	auto := wire.Addr{0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xfe, 0, 0, 1}
	if s.a.addresses.find(&auto) == nil {
		t.Fatal("no address is made")
	}
	far := wire.Addr{0x20, 1, 0xd, 0xb8, 0, 9, 15: 1}
	s.a.Ping(wire.Addr{}, far, 1, 1, make([]byte, 1352)) // through the router, just within its MTU
	s.expectHeard("2001:db8:0:1:0:ff:fe00:1 > 2001:db8:9::1 icmp 128/0")
	advert(200, 0, 0) // no more: but not below two hours (RFC 4862 section 5.5.3 (e))
	if a := s.a.addresses.find(&auto); a.valid != s.now+twoHours || a.preferred != s.now {
		t.Errorf("valid until %v, preferred until %v", a.valid, a.preferred)
	}
	s.poll(202 * time.Second)
	if err := s.a.Ping(wire.Addr{}, far, 1, 1, nil); err == 0 {
		t.Error("the default route outlives its router")
	}
	s.poll(twoHours + 2*time.Second)
	if s.a.addresses.find(&auto) != nil {
		t.Error("the address outlives its time")
	}
	before := s.a.count(NDPRouterBad)
	b := make([]byte, 16)
	b[0] = 134
	s.icmp6(wire.Addr{0: 0x20, 15: 1}, wire.AllNodes, 255, b)
	if s.a.count(NDPRouterBad) != before+1 {
		t.Error("a router without link-local address is believed")
	}
}

func TestSilentStart(t *testing.T) {
	s := newStation(t, nil)
	if next := s.poll(0); next != never {
		t.Errorf("something is due at %v", next)
	}
	s.poll(time.Hour)
	s.expectHeard()
}

func TestAnnounce(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Ports[0].Announce, c.Ports[0].LinkLocal = true, false })
	s.a.AddAddress(0, prefixOf("10.0.0.77/24"), true)
	got := s.heard() // before the cable was there: nothing
	if got != "arp 1 10.0.0.77 for 10.0.0.77 to ff:ff:ff:ff:ff:ff" {
		t.Errorf("heard %q", got)
	}
	s.a.Announce(0)
	s.expectHeard("arp 1 10.0.0.1 for 10.0.0.1 to ff:ff:ff:ff:ff:ff", "fd00::1 > ff02::1 ndp 136 for fd00::1 flags 1", "arp 1 10.0.0.77 for 10.0.0.77 to ff:ff:ff:ff:ff:ff")
}

// Before detection ends, an address takes nothing but neighbour discovery.
func TestTentativeTakesNothing(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Ports[0].Detect, c.Ports[0].LinkLocal = true, false })
	s.known()
	s.a.OpenUDP(Ends{LocalPort: 53})
	before := s.a.count(IPNotOurs)
	s.ip6(wire.IPv6{Src: station6, Dst: s.a.v6, Next: wire.ProtoUDP, HopLimit: 64}, udp(station6, s.a.v6, 1, 53, "x"))
	s.icmp6(station6, s.a.v6, 64, []byte{128, 0, 0, 0, 0, 0, 0, 0})
	s.expectHeard()
	if s.a.expect(); s.a.count(IPNotOurs) != before+2 {
		t.Errorf("%d packets counted", s.a.count(IPNotOurs)-before)
	}
}

// A full cache gives up neighbours in the middle of sending; their connections hear of it only when nobody answers in time.
func TestEvictionWhileSending(t *testing.T) {
	a, b := newHost(t, 1, func(c *Config) { c.Neighbour.Entries = 4 }), newHost(t, 2, nil)
	a.peer, b.peer = b, a
	client, _ := streams(a, b, 1)
	for i := range 50 {
		a.TCP().Connect(&tcp.ConnectConfig{Remote: v4(10, 0, 0, byte(100+i)), RemotePort: 80})
	}
	settle(0, a, b)
	if client.err != 0 || a.NeighbourCounters().Evicted == 0 {
		t.Errorf("%v, %d evicted", client.err, a.NeighbourCounters().Evicted)
	}
	run(0, 7*time.Second, a, b)
	if client.err != syscall.EHOSTUNREACH {
		t.Errorf("%v", client.err)
	}
}
