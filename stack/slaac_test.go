package stack

import (
	"encoding/binary"
	"testing"
	"time"

	"ringstack/stack/wire"
)

// routerAdvert is a router advertisement with a prefix 2001:db8:0:1::/64 to be changed by the test.
type routerAdvert struct {
	src                              wire.Addr
	hops, hopLimit                   uint8
	lifetime                         uint16
	prefix                           [16]byte
	bits, flags                      uint8
	valid, preferred, mtu, reachable uint32
}

func newRouterAdvert() routerAdvert {
	return routerAdvert{src: station6, hops: 255, lifetime: 1800, prefix: [16]byte{0x20, 1, 0xd, 0xb8, 7: 1}, bits: 64, flags: 0xc0, valid: 7200, preferred: 3600}
}

func (s *station) routerSays(r routerAdvert) {
	b := make([]byte, 16+32+8)
	b[0], b[4] = 134, r.hopLimit
	binary.BigEndian.PutUint16(b[6:], r.lifetime)
	binary.BigEndian.PutUint32(b[8:], r.reachable)
	p := b[16:]
	p[0], p[1], p[2], p[3] = 3, 4, r.bits, r.flags
	binary.BigEndian.PutUint32(p[4:], r.valid)
	binary.BigEndian.PutUint32(p[8:], r.preferred)
	copy(p[16:], r.prefix[:])
	m := b[48:]
	m[0], m[1] = 5, 1
	binary.BigEndian.PutUint32(m[4:], r.mtu)
	s.icmp6(r.src, wire.AllNodes, r.hops, b)
}

// autoState is what autoconfiguration has made.
func (s *station) autoState() (addresses, routes int) {
	return s.a.autoAddresses(&s.a.ports[0]), s.a.autoRoutes()
}

// TestRouterAdverts: what a router may change, and what not.
func TestRouterAdverts(t *testing.T) {
	for _, c := range []struct {
		name              string
		change            func(*routerAdvert)
		addresses, routes int
	}{
		{"prefix and router (RFC 4861 section 6.3.4)", func(r *routerAdvert) {}, 1, 2},
		{"no default router", func(r *routerAdvert) { r.lifetime = 0 }, 1, 1},
		{"not on link", func(r *routerAdvert) { r.flags = 0x40 }, 1, 1},
		{"not autonomous (RFC 4862 section 5.5.3 (a))", func(r *routerAdvert) { r.flags = 0x80 }, 0, 2},
		{"link-local prefix (RFC 4862 section 5.5.3 (b))", func(r *routerAdvert) { r.prefix = [16]byte{0xfe, 0x80} }, 0, 1},
		{"multicast prefix", func(r *routerAdvert) { r.prefix = [16]byte{0xff, 5} }, 0, 1},
		{"preferred longer than valid (RFC 4862 section 5.5.3 (c))", func(r *routerAdvert) { r.preferred = 9000 }, 0, 2},
		{"not 64 bits (RFC 4862 section 5.5.3 (d))", func(r *routerAdvert) { r.bits = 48 }, 0, 2},
		{"129 bits", func(r *routerAdvert) { r.bits = 129 }, 0, 1},
		{"no lifetime", func(r *routerAdvert) { r.valid, r.preferred = 0, 0 }, 0, 1},
		{"for ever", func(r *routerAdvert) { r.valid, r.preferred = 1<<32-1, 1<<32-1 }, 1, 2},
		{"forwarded by a router (RFC 4861 section 6.1.2)", func(r *routerAdvert) { r.hops = 254 }, 0, 0},
		{"source not link-local (RFC 4861 section 6.1.2)", func(r *routerAdvert) { r.src = wire.Addr{0: 0x20, 15: 1} }, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStation(t, func(c *Config) { c.Ports[0].Autoconf = true })
			s.poll(0)
			r := newRouterAdvert()
			c.change(&r)
			s.routerSays(r)
			if a, n := s.autoState(); a != c.addresses || n != c.routes {
				t.Errorf("%d addresses, %d routes", a, n)
			}
		})
	}
}

func TestRouterIsWithdrawn(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Ports[0].Autoconf = true })
	r := newRouterAdvert()
	s.routerSays(r)
	r.lifetime = 0
	s.routerSays(r)
	if _, n := s.autoState(); n != 1 {
		t.Errorf("%d routes", n)
	}
}

// A hostile router can neither fill the tables nor make the MTU unusable (RFC 8201 section 4, RFC 4861 section 6.3.4).
func TestHostileRouter(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Ports[0].Autoconf = true })
	for i := range 1000 {
		r := newRouterAdvert()
		r.src[14], r.src[15], r.prefix[6] = byte(i>>8), byte(i), byte(i)
		r.mtu, r.reachable = uint32(i), 1<<31
		s.routerSays(r)
	}
	if a, n := s.autoState(); a > maxAutoAddresses || n > maxAutoRoutes || s.a.ports[0].mtu6 != 1500 {
		t.Errorf("%d addresses, %d routes, MTU %d", a, n, s.a.ports[0].mtu6)
	}
}

func TestAutoconfOff(t *testing.T) {
	s := newStation(t, nil)
	s.routerSays(newRouterAdvert())
	if a, n := s.autoState(); a != 0 || n != 0 {
		t.Errorf("%d addresses, %d routes", a, n)
	}
}

// TestDetectionTable: what ends the use of an address that is being tested (RFC 4862 section 5.4, RFC 7527).
func TestDetectionTable(t *testing.T) {
	for _, c := range []struct {
		name  string
		say   func(*station)
		taken bool
	}{
		{"silence", func(s *station) {}, false},
		{"advertisement of another (section 5.4.4)", func(s *station) {
			s.neighbor(wire.ICMPv6NeighborAdvert, s.a.v6, wire.AllNodes, wire.Neighbor{Target: s.a.v6, Options: wire.NDPOptions{HasTarget: true, Target: stationMAC}})
		}, true},
		{"another's probe (section 5.4.3)", func(s *station) {
			s.neighbor(wire.ICMPv6NeighborSolicit, wire.Addr{}, s.a.v6.SolicitedNode(), wire.Neighbor{Target: s.a.v6})
		}, true},
		{"another's probe with its own nonce (RFC 7527 section 4.2)", func(s *station) {
			s.neighbor(wire.ICMPv6NeighborSolicit, wire.Addr{}, s.a.v6.SolicitedNode(), wire.Neighbor{Target: s.a.v6, Options: wire.NDPOptions{HasNonce: true, Nonce: [6]byte{9}}})
		}, true},
		{"our own probe come back (RFC 7527 section 4.2)", func(s *station) { s.say(s.inbox[0]) }, false},
		{"somebody who asks for the address (section 5.4.3)", func(s *station) {
			s.neighbor(wire.ICMPv6NeighborSolicit, station6, s.a.v6.SolicitedNode(), wire.Neighbor{Target: s.a.v6, Options: wire.NDPOptions{HasSource: true, Source: stationMAC}})
		}, false},
		{"advertisement of another address", func(s *station) { s.advertise(wire.NDPOverride, &stationMAC) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStation(t, func(c *Config) { c.Ports[0].Detect, c.Ports[0].LinkLocal = true, false })
			s.poll(time.Second)
			c.say(s)
			s.poll(2*time.Second + time.Millisecond)
			if got := s.a.addresses.find(&s.a.v6).kind; got == unicast == c.taken || (got == duplicated) != c.taken {
				t.Errorf("kind %d", got)
			}
		})
	}
}
