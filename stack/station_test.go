package stack

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ringstack/stack/wire"
)

// station is a test's own end of a cable: it says what it likes and sees what the engine says.
type station struct {
	*host
	a   *host
	now time.Duration
}

var (
	stationMAC = wire.MAC{2, 0, 0, 0, 0, 9}
	station4   = v4(10, 0, 0, 9)
	station6   = wire.Addr{0: 0xfe, 1: 0x80, 15: 9}
)

func newStation(t *testing.T, change func(*Config)) *station {
	a := newHost(t, 1, change)
	s := &station{host: &host{t: t}, a: a}
	a.peer = s.host
	return s
}

// frame is an Ethernet frame from the station to the engine, or to a group.
func (s *station) ether(dst wire.MAC, kind uint16, payload []byte) []byte {
	b := make([]byte, 14+len(payload))
	wire.PutEthernet(b, &wire.Ethernet{Dst: dst, Src: stationMAC, Type: kind})
	copy(b[14:], payload)
	return b
}

func (s *station) say(frame []byte) {
	if s.a.capture != nil {
		s.a.capture(frame)
	}
	s.a.Input(0, frame, s.now)
}

func (s *station) arp(op uint16, sender, target wire.Addr, mac, to wire.MAC) {
	b := make([]byte, wire.ARPLen)
	wire.PutARP(b, &wire.ARP{Op: op, SenderMAC: mac, Sender: sender, Target: target})
	s.say(s.ether(to, wire.EtherTypeARP, b))
}

// ip4 and ip6 send packets with the payload given.
func (s *station) ip4(h wire.IPv4, payload []byte) {
	h.TotalLen = wire.IPv4Len + len(payload)
	if h.TTL == 0 {
		h.TTL = 64
	}
	b := make([]byte, h.TotalLen)
	wire.PutIPv4(b, &h)
	copy(b[wire.IPv4Len:], payload)
	to := s.a.mac
	if h.Dst.IsMulticast() {
		to = wire.MulticastMAC(&h.Dst)
	}
	s.say(s.ether(to, wire.EtherTypeIPv4, b))
}

func (s *station) ip6(h wire.IPv6, payload []byte) {
	h.PayloadLen = len(payload)
	b := make([]byte, wire.IPv6Len+len(payload))
	wire.PutIPv6(b, &h)
	copy(b[wire.IPv6Len:], payload)
	to := s.a.mac
	if h.Dst.IsMulticast() {
		to = wire.MulticastMAC(&h.Dst)
	}
	s.say(s.ether(to, wire.EtherTypeIPv6, b))
}

func (s *station) neighbor(kind uint8, src, dst wire.Addr, n wire.Neighbor) {
	b := make([]byte, wire.NeighborLen(&n))
	wire.PutNeighbor(b, kind, &n, &src, &dst)
	s.ip6(wire.IPv6{Src: src, Dst: dst, Next: wire.ProtoICMPv6, HopLimit: 255}, b)
}

// icmp6 sends a message whose checksum it fills in.
func (s *station) icmp6(src, dst wire.Addr, hops uint8, b []byte) {
	b[2], b[3] = 0, 0
	sum := ^wire.Fold(wire.Sum(b, wire.PseudoSum(&src, &dst, wire.ProtoICMPv6, len(b))))
	b[2], b[3] = byte(sum>>8), byte(sum)
	s.ip6(wire.IPv6{Src: src, Dst: dst, Next: wire.ProtoICMPv6, HopLimit: hops}, b)
}

func icmp4(h wire.ICMP, data []byte) []byte {
	b := append(make([]byte, wire.ICMPLen), data...)
	wire.PutICMP(b, &h, wire.Sum(data, 0))
	return b
}

// heard describes what the engine has sent since the last call.
func (s *station) heard() string {
	var all []string
	for _, f := range s.inbox {
		all = append(all, describe(f))
	}
	s.inbox = nil
	return strings.Join(all, "; ")
}

func (s *station) expectHeard(want ...string) {
	s.t.Helper()
	if got := s.heard(); got != strings.Join(want, "; ") {
		s.t.Errorf("heard %q, want %q", got, strings.Join(want, "; "))
	}
}

// poll runs the engine at a time.
func (s *station) poll(now time.Duration) time.Duration {
	s.now = now
	return s.a.Poll(now)
}

func describe(f []byte) string {
	e, _ := wire.ParseEthernet(f)
	b := f[e.HeaderLen:]
	switch e.Type {
	case wire.EtherTypeARP:
		a, _ := wire.ParseARP(b)
		return fmt.Sprintf("arp %d %s for %s to %s", a.Op, a.Sender, a.Target, e.Dst)
	case wire.EtherTypeIPv4:
		h, _ := wire.ParseIPv4(b)
		text := fmt.Sprintf("%s > %s", h.Src, h.Dst)
		if h.IsFragment() {
			text += fmt.Sprintf(" fragment %d", h.FragOffset)
		}
		return text + describeTransport(h.Proto, b[h.HeaderLen:h.TotalLen])
	case wire.EtherTypeIPv6:
		h, _ := wire.ParseIPv6(b)
		c, _ := wire.WalkIPv6(b)
		return fmt.Sprintf("%s > %s", h.Src, h.Dst) + describeTransport(c.Proto, b[c.Offset:])
	}
	return "?"
}

func describeTransport(proto uint8, b []byte) string {
	switch proto {
	case wire.ProtoICMP, wire.ProtoICMPv6:
		h, _ := wire.ParseICMP(b)
		if h.Type == wire.ICMPv6NeighborSolicit || h.Type == wire.ICMPv6NeighborAdvert {
			n, _ := wire.ParseNeighbor(b)
			return fmt.Sprintf(" ndp %d for %s flags %x", h.Type, n.Target, n.Flags>>29)
		}
		return fmt.Sprintf(" icmp %d/%d", h.Type, h.Code)
	case wire.ProtoIGMP:
		return fmt.Sprintf(" igmp %x %d for %d.%d.%d.%d", b[0], b[8], b[12], b[13], b[14], b[15])
	case wire.ProtoUDP:
		return fmt.Sprintf(" udp %d", len(b)-8)
	}
	return fmt.Sprintf(" proto %d", proto)
}

func prefixOf(s string) netip.Prefix { return netip.MustParsePrefix(s) }
