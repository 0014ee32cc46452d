package stack

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// redirecting is a station that is the default router, and knows another.
type redirecting struct {
	*station
	id           SocketID
	own, dst     wire.Addr
	first, other wire.Addr // routers
}

var (
	far4, far6 = v4(192, 0, 2, 7), wire.Addr{0: 0x20, 1: 1, 2: 0xd, 3: 0xb8, 15: 7}
	otherGate4 = v4(10, 0, 0, 8)
	otherGate6 = wire.Addr{0: 0xfe, 1: 0x80, 15: 8}
)

func newRedirecting(t *testing.T, six bool) *redirecting {
	r := &redirecting{station: newStation(t, nil), dst: far4, first: station4, other: otherGate4}
	all := "0.0.0.0/0"
	r.own = r.a.v4
	if six {
		r.dst, r.first, r.other, r.own = far6, station6, otherGate6, r.a.v6
		all = "::/0"
	}
	r.known()
	r.a.SetNeighbour(0, r.other, otherMAC)
	r.a.AddRoute(Route{Dst: prefixOf(all), Gateway: r.first.Netip()})
	r.id = r.a.open(Ends{Local: r.own, LocalPort: 7})
	return r
}

// sends returns the packet that a datagram to dst makes, and the station that gets it.
func (r *redirecting) sends(dst wire.Addr) (packet []byte, to wire.MAC) {
	r.t.Helper()
	r.inbox = nil
	if err := r.a.SendUDP(r.id, &Datagram{Remote: dst, RemotePort: 99}); err != 0 || len(r.inbox) != 1 {
		r.t.Fatalf("%v, %d frames", err, len(r.inbox))
	}
	f := r.inbox[0]
	r.inbox = nil
	return f[14:], wire.MAC(f)
}

// redirection is a message to be changed by a test.
type redirection struct {
	src, gateway, dst wire.Addr
	hops, code        uint8
	quote             []byte
	mac               *wire.MAC
}

func (r *redirecting) redirection(dst wire.Addr) redirection {
	quote, _ := r.sends(dst)
	return redirection{src: r.first, gateway: r.other, dst: dst, hops: 255, quote: quote}
}

func (r *redirecting) redirect(m redirection) {
	if m.src.Is4() {
		rest := binary.BigEndian.Uint32(m.gateway[12:])
		r.ip4(wire.IPv4{Src: m.src, Dst: r.own, Proto: wire.ProtoICMP}, icmp4(wire.ICMP{Type: wire.ICMPRedirect, Code: m.code, Rest: rest}, m.quote))
		return
	}
	b := append([]byte{wire.ICMPv6Redirect, m.code, 0, 0, 0, 0, 0, 0}, m.gateway[:]...)
	b = append(b, m.dst[:]...)
	if m.mac != nil {
		b = append(append(b, 2, 1), m.mac[:]...)
	}
	r.icmp6(m.src, r.own, m.hops, b)
}

func redirectFamilies(t *testing.T, test func(t *testing.T, r *redirecting)) {
	t.Run("IPv4", func(t *testing.T) { test(t, newRedirecting(t, false)) })
	t.Run("IPv6", func(t *testing.T) { test(t, newRedirecting(t, true)) })
}

// TestRedirect: a redirect leads one destination to another router, for a while.
func TestRedirect(t *testing.T) {
	redirectFamilies(t, func(t *testing.T, r *redirecting) {
		r.redirect(r.redirection(r.dst))
		if _, to := r.sends(r.dst); to != otherMAC {
			t.Errorf("to %s after a redirect", to)
		}
		next := r.dst
		next[15]++
		if _, to := r.sends(next); to != stationMAC {
			t.Errorf("another destination goes to %s", to)
		}
		if r.a.count(ICMPRedirects) != 1 || r.a.count(ICMPRedirectBad) != 0 {
			t.Error("counted wrongly")
		}
		back := r.redirection(r.dst) // from the new router to a third
		back.src, back.gateway = r.other, r.first
		r.redirect(back)
		if _, to := r.sends(r.dst); to != stationMAC {
			t.Errorf("to %s after the next redirect", to)
		}
		back.src, back.gateway = r.first, r.other
		r.redirect(back)
		r.poll(r.now + redirectLife - time.Second)
		if _, to := r.sends(r.dst); to != otherMAC {
			t.Errorf("to %s before the redirect is old", to)
		}
		r.poll(r.now + 2*time.Second)
		if _, to := r.sends(r.dst); to != stationMAC {
			t.Errorf("to %s when the redirect is old", to)
		}
	})
}

// TestRedirectRefused: what is not from the present first hop, or cannot be right, changes nothing.
func TestRedirectRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(r *redirecting, m *redirection)
		version int // 0: both
	}{
		"not the first hop": {func(r *redirecting, m *redirection) { m.src, m.gateway = r.other, r.first }, 0},
		"to ourselves":      {func(r *redirecting, m *redirection) { m.gateway = r.own }, 0},
		"to a group":        {func(r *redirecting, m *redirection) { m.gateway = groupLike(m.src) }, 0},
		"an administrator's host route": {func(r *redirecting, m *redirection) {
			r.a.AddRoute(Route{Dst: hostRoute(m.dst), Gateway: r.first.Netip()})
		}, 0},
		"an address of our own network":       {func(r *redirecting, m *redirection) { m.dst = r.first; m.quote, _ = r.sends(r.first) }, 0},
		"no neighbour (RFC 1122 3.2.2.2)":     {func(r *redirecting, m *redirection) { m.gateway = v4(192, 0, 2, 1) }, 4},
		"about nobody's packet":               {func(r *redirecting, m *redirection) { r.a.CloseUDP(r.id) }, 4},
		"nothing quoted":                      {func(r *redirecting, m *redirection) { m.quote = nil }, 4},
		"from afar (RFC 4861 8.1)":            {func(r *redirecting, m *redirection) { m.hops = 254 }, 6},
		"code (RFC 4861 8.1)":                 {func(r *redirecting, m *redirection) { m.code = 1 }, 6},
		"global source (RFC 4861 8.1)":        {func(r *redirecting, m *redirection) { m.src = wire.Addr{0: 0xfd, 15: 9} }, 6},
		"global router (RFC 4861 8.1)":        {func(r *redirecting, m *redirection) { m.gateway = wire.Addr{0: 0xfd, 15: 8} }, 6},
		"destination a group (RFC 4861 8.1)":  {func(r *redirecting, m *redirection) { m.dst = wire.AllNodes }, 6},
		"a group's MAC":                       {func(r *redirecting, m *redirection) { m.mac = &wire.BroadcastMAC }, 6},
		"destination on the link in any case": {func(r *redirecting, m *redirection) { m.dst = wire.Addr{0: 0xfe, 1: 0x80, 15: 7} }, 6},
		"administrator changes routes after it": {func(r *redirecting, m *redirection) {
			r.redirect(*m)
			r.a.AddRoute(Route{Dst: prefixOf("203.0.113.0/24"), Gateway: station4.Netip()})
			m.src = r.other
		}, 0},
	} {
		for _, six := range []bool{false, true} {
			if six && c.version == 4 || !six && c.version == 6 {
				continue
			}
			r := newRedirecting(t, six)
			m := r.redirection(r.dst)
			c.change(r, &m)
			routes := len(r.a.routes)
			r.redirect(m)
			if n := len(r.a.routes); n > routes {
				t.Errorf("%s, IPv6 %v: followed", name, six)
			}
			if _, open := r.a.Ends(r.id); open == 0 {
				if _, to := r.sends(r.dst); to != stationMAC {
					t.Errorf("%s, IPv6 %v: to %s", name, six, to)
				}
			}
		}
	}
}

func groupLike(like wire.Addr) wire.Addr {
	if like.Is4() {
		return wire.AllHosts4
	}
	return wire.AllNodes
}

func hostRoute(a wire.Addr) netip.Prefix {
	ip := a.Netip()
	return netip.PrefixFrom(ip, ip.BitLen())
}

// TestRedirectOnLink: a router may say that a destination is a neighbour (RFC 4861 section 8.3), with its Ethernet address.
func TestRedirectOnLink(t *testing.T) {
	r := newRedirecting(t, true)
	m := r.redirection(r.dst)
	m.gateway, m.mac = r.dst, &wire.MAC{2, 0, 0, 0, 0, 0x55}
	r.redirect(m)
	if _, to := r.sends(r.dst); to != *m.mac {
		t.Errorf("to %s", to)
	}
}

// TestRedirectToTheDead: when the other router does not answer, packets go to the first again.
func TestRedirectToTheDead(t *testing.T) {
	redirectFamilies(t, func(t *testing.T, r *redirecting) {
		r.a.DeleteNeighbour(0, r.other)
		r.redirect(r.redirection(r.dst))
		r.a.SendUDP(r.id, &Datagram{Remote: r.dst, RemotePort: 99})
		for now := time.Second; now < gatewayRest+10*time.Second; now += time.Second { // longer than a gateway is given to come back
			r.poll(now)
		}
		if _, to := r.sends(r.dst); to != stationMAC {
			t.Errorf("to %s", to)
		}
	})
}

// TestRedirectLimits: redirects are few, and come at a bounded rate.
func TestRedirectLimits(t *testing.T) {
	redirectFamilies(t, func(t *testing.T, r *redirecting) {
		before := len(r.a.routes)
		for i := range 2 * maxRedirects {
			dst := r.dst
			dst[14], dst[15] = byte(i), 1
			r.redirect(r.redirection(dst))
			if i == 3*redirectsRate {
				if n := len(r.a.routes) - before; n != redirectsRate {
					t.Errorf("%d redirects followed at once", n)
				}
			}
			if i > 3*redirectsRate {
				r.poll(r.now + time.Second)
			}
		}
		if n := len(r.a.routes) - before; n != maxRedirects {
			t.Errorf("%d redirects", n)
		}
		last := r.dst
		last[14], last[15] = 2*maxRedirects-1, 1
		if _, to := r.sends(last); to != otherMAC {
			t.Errorf("the latest goes to %s", to)
		}
	})
}

// TestRedirectOfTCP: a message about a segment of a connection is followed, one about a segment that was never sent is not.
func TestRedirectOfTCP(t *testing.T) {
	r := newRedirecting(t, false)
	r.a.app = &asker{h: r.a}
	r.a.TCP().Connect(&tcp.ConnectConfig{Remote: r.dst, RemotePort: 80})
	r.poll(0)
	syn := r.inbox[0][14:]
	forged := append([]byte{}, syn...)
	forged[20+4]++ // the sequence number
	m := redirection{src: r.first, gateway: r.other, quote: forged}
	if r.redirect(m); r.a.count(ICMPRedirectBad) != 1 {
		t.Error("a forged quote is believed")
	}
	m.quote = syn
	if r.redirect(m); r.a.count(ICMPRedirectBad) != 1 {
		t.Error("a true one is not")
	}
	if _, to := r.sends(r.dst); to != otherMAC {
		t.Errorf("to %s", to)
	}
}
