package stack

import (
	"testing"

	"ringstack/stack/wire"
)

// TestLinkChanges gives a port another MAC and MTU, as when another device takes the place of the first.
func TestLinkChanges(t *testing.T) {
	s := newStation(t, nil) // with a link-local address
	s.known()
	old := s.a.mac
	mac := wire.MAC{2, 0, 0, 0, 0, 99}
	s.a.SetLink(0, mac, 1000)
	ask := func() {
		s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: wire.ProtoICMP}, icmp4(wire.ICMP{Type: wire.ICMPEcho}, nil))
	}
	s.a.mac = old
	ask()
	s.expectHeard()
	s.a.mac = mac
	ask()
	if len(s.inbox) != 1 || wire.MAC(s.inbox[0][6:12]) != mac {
		t.Errorf("answered with % x", s.inbox)
	}
	if own := linkLocal(&mac); s.a.addresses.find(&own) == nil {
		t.Error("there is no link-local address of the new MAC")
	}
	if was := linkLocal(&old); s.a.addresses.find(&was) != nil {
		t.Error("the link-local address of the old MAC is still ours")
	}
	p, ok := s.a.findPath(&wire.Addr{}, &station4, anyPort)
	if !ok || p.MTU != 1000 {
		t.Errorf("path MTU %d", p.MTU)
	}
	s.a.SetLink(0, mac, 9000)
	if p, _ := s.a.findPath(&wire.Addr{}, &station4, anyPort); p.MTU != 1500 {
		t.Errorf("path MTU %d, beyond what frames that wait have room for", p.MTU)
	}
}

func TestImpossibleLinkIsIgnored(t *testing.T) {
	s := newStation(t, nil)
	before := s.a.ports[0].config
	for _, c := range []struct {
		port int
		mac  wire.MAC
		mtu  int
	}{{1, before.MAC, 1000}, {-1, before.MAC, 1000}, {0, wire.MAC{}, 1000}, {0, wire.BroadcastMAC, 1000}, {0, before.MAC, 575}} {
		s.a.SetLink(c.port, c.mac, c.mtu)
	}
	if after := s.a.ports[0].config; after.MAC != before.MAC || after.MTU != before.MTU {
		t.Errorf("the link is %v, %d", after.MAC, after.MTU)
	}
}
