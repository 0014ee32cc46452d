package stack

import (
	"testing"
	"time"

	"ringstack/stack/neigh"
	"ringstack/stack/wire"
)

var otherMAC = wire.MAC{2, 0, 0, 0, 0, 0x77}

// neighbourIn brings the entry for the station into a state.
func neighbourIn(t *testing.T, state neigh.State) *station {
	s := newStation(t, nil)
	id := s.a.open(Ends{Local: linkLocal(&s.a.mac), LocalPort: 1})
	send := func() { s.a.SendUDP(id, &Datagram{Remote: station6, RemotePort: 2}) }
	s.poll(0)
	switch state {
	case neigh.None:
	case neigh.Incomplete:
		send()
	case neigh.Reachable:
		send()
		s.advertise(wire.NDPSolicited|wire.NDPOverride, &stationMAC)
	default:
		s.solicit(&stationMAC)
		if state == neigh.Delay || state == neigh.Probe {
			send()
		}
		if state == neigh.Probe {
			s.poll(5*time.Second + time.Millisecond)
		}
	}
	if got := s.a.neighbour(station6).State; got != state {
		t.Fatalf("the entry is %s, not %s", got, state)
	}
	return s
}

func (s *station) advertise(flags uint32, mac *wire.MAC) {
	n := wire.Neighbor{Target: station6, Flags: flags}
	if mac != nil {
		n.Options = wire.NDPOptions{HasTarget: true, Target: *mac}
	}
	s.neighbor(wire.ICMPv6NeighborAdvert, station6, linkLocal(&s.a.mac), n)
}

func (s *station) solicit(mac *wire.MAC) {
	n := wire.Neighbor{Target: linkLocal(&s.a.mac), Options: wire.NDPOptions{HasSource: true, Source: *mac}}
	s.neighbor(wire.ICMPv6NeighborSolicit, station6, n.Target.SolicitedNode(), n)
}

// TestReachabilityTable is the state machine of RFC 4861 appendix C, by packets. mac is which address is known afterwards.
func TestReachabilityTable(t *testing.T) {
	const none, incomplete, reachable, stale, delay, probe = neigh.None, neigh.Incomplete, neigh.Reachable, neigh.Stale, neigh.Delay, neigh.Probe
	const s, o = wire.NDPSolicited, wire.NDPOverride
	advert := func(flags uint32, mac *wire.MAC) func(*station) { return func(s *station) { s.advertise(flags, mac) } }
	question := func(mac *wire.MAC) func(*station) { return func(s *station) { s.solicit(mac) } }
	silence := func(s *station) {
		for range 4 {
			s.poll(s.now + time.Second + time.Millisecond)
		}
	}
	same, other := &stationMAC, &otherMAC
	for _, c := range []struct {
		name   string
		before neigh.State
		event  func(*station)
		after  neigh.State
		mac    *wire.MAC
	}{
		{"no entry, advertisement", none, advert(s|o, same), none, nil},
		{"no entry, solicitation", none, question(same), stale, same},
		{"incomplete, solicited", incomplete, advert(s, same), reachable, same},
		{"incomplete, solicited and override", incomplete, advert(s|o, same), reachable, same},
		{"incomplete, no address", incomplete, advert(s|o, nil), incomplete, nil},
		{"incomplete, solicitation", incomplete, question(same), delay, same}, // what waits is sent: stale, and used
		{"incomplete, unsolicited", incomplete, advert(o, same), delay, same},
		{"reachable, another address", reachable, advert(s, other), stale, same},
		{"reachable, another address unsolicited", reachable, advert(0, other), stale, same},
		{"reachable, another address with override", reachable, advert(s|o, other), reachable, other},
		{"reachable, another address unsolicited with override", reachable, advert(o, other), stale, other},
		{"reachable, same address unsolicited", reachable, advert(o, same), reachable, same},
		{"reachable, solicitation from the same address", reachable, question(same), reachable, same},
		{"reachable, solicitation from another address", reachable, question(other), stale, other},
		{"stale, solicited", stale, advert(s, same), reachable, same},
		{"stale, solicited without address", stale, advert(s, nil), reachable, same},
		{"stale, another address", stale, advert(s, other), stale, same},
		{"stale, another address with override", stale, advert(s|o, other), reachable, other},
		{"stale, another address unsolicited with override", stale, advert(o, other), stale, other},
		{"stale, solicitation from another address", stale, question(other), stale, other},
		{"delay, solicited", delay, advert(s, same), reachable, same},
		{"delay, another address", delay, advert(s, other), delay, same},
		{"delay, same address unsolicited", delay, advert(o, same), delay, same},
		{"delay, solicitation from the same address", delay, question(same), delay, same},
		{"delay, solicitation from another address", delay, question(other), stale, other},
		{"probe, solicited", probe, advert(s, same), reachable, same},
		{"probe, another address", probe, advert(s, other), probe, same},
		{"probe, another address with override", probe, advert(s|o, other), reachable, other},
		{"probe, unsolicited with another address and override", probe, advert(o, other), stale, other},
		{"probe, solicitation from another address", probe, question(other), stale, other},
		{"probe, nobody answers", probe, silence, none, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := neighbourIn(t, c.before)
			c.event(s)
			got := s.a.neighbour(station6)
			if got.State != c.after || c.mac != nil && got.MAC != *c.mac {
				t.Errorf("%s with %s", got.State, got.MAC)
			}
		})
	}
}

// TestARPTable: ARP has the same states, with what its packets can say.
func TestARPTable(t *testing.T) {
	for _, c := range []struct {
		name    string
		resolve bool // the engine has asked
		event   func(*station)
		after   neigh.State
		mac     wire.MAC
	}{
		{"answer (RFC 826)", true, func(s *station) { s.arp(wire.ARPReply, station4, s.a.v4, stationMAC, s.a.mac) }, neigh.Reachable, stationMAC},
		{"answer to somebody else", true, func(s *station) { s.arp(wire.ARPReply, station4, v4(10, 0, 0, 3), stationMAC, s.a.mac) }, neigh.Delay, stationMAC},
		{"question from whom we ask", true, func(s *station) { s.arp(wire.ARPRequest, station4, s.a.v4, stationMAC, wire.BroadcastMAC) }, neigh.Delay, stationMAC},
		{"question from a stranger", false, func(s *station) { s.arp(wire.ARPRequest, station4, s.a.v4, stationMAC, wire.BroadcastMAC) }, neigh.Stale, stationMAC},
		{"question for another, from a stranger", false, func(s *station) { s.arp(wire.ARPRequest, station4, v4(10, 0, 0, 3), stationMAC, wire.BroadcastMAC) }, neigh.None, wire.MAC{}},
		{"gratuitous, from a stranger (RFC 5944 section 4.6)", false, func(s *station) { s.arp(wire.ARPRequest, station4, station4, stationMAC, wire.BroadcastMAC) }, neigh.None, wire.MAC{}},
		{"gratuitous, of a new address", true, func(s *station) {
			s.arp(wire.ARPReply, station4, s.a.v4, stationMAC, s.a.mac)
			s.arp(wire.ARPReply, station4, station4, otherMAC, wire.BroadcastMAC)
		}, neigh.Stale, otherMAC},
		{"answer that nobody asked for", false, func(s *station) { s.arp(wire.ARPReply, station4, s.a.v4, stationMAC, s.a.mac) }, neigh.None, wire.MAC{}},
		{"a static entry stays", true, func(s *station) {
			s.a.SetNeighbour(0, station4, stationMAC)
			s.arp(wire.ARPReply, station4, s.a.v4, otherMAC, s.a.mac)
		}, neigh.Permanent, stationMAC},
		{"group address as answer", true, func(s *station) { s.arp(wire.ARPReply, station4, s.a.v4, wire.BroadcastMAC, s.a.mac) }, neigh.Incomplete, wire.MAC{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStation(t, nil)
			id := s.a.open(Ends{Local: s.a.v4, LocalPort: 1})
			if c.resolve {
				s.a.SendUDP(id, &Datagram{Remote: station4, RemotePort: 2})
			}
			c.event(s)
			if got := s.a.neighbour(station4); got.State != c.after || got.MAC != c.mac {
				t.Errorf("%s with %s", got.State, got.MAC)
			}
		})
	}
}
