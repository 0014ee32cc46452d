package stack

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/stack/neigh"
	"ringstack/stack/wire"
)

func TestRoutes(t *testing.T) {
	s := newStation(t, nil)
	add := func(dst, gateway string, metric int) {
		t.Helper()
		if err := s.a.AddRoute(Route{Dst: prefixOf(dst), Gateway: netip.MustParseAddr(gateway), Metric: metric}); err != 0 {
			t.Fatal(err)
		}
	}
	asks := func(to wire.Addr) string {
		t.Helper()
		s.a.Ping(wire.Addr{}, to, 1, 1, nil)
		got := s.heard()
		if _, after, ok := strings.Cut(got, " for "); ok {
			got, _, _ = strings.Cut(after, " ")
		}
		s.forget()
		return got
	}
	add("0.0.0.0/0", "10.0.0.254", 0)
	add("192.0.2.0/24", "10.0.0.253", 5)
	add("192.0.2.128/25", "10.0.0.252", 0)
	add("::/0", "fe80::1", 0)
	for to, want := range map[string]string{
		"8.8.8.8": "10.0.0.254", "192.0.2.1": "10.0.0.253", "192.0.2.200": "10.0.0.252", "10.0.0.7": "10.0.0.7", "2001:db8::1": "fe80::1", "fd00::99": "fd00::99",
	} {
		a := netip.MustParseAddr(to)
		if got := asks(wire.FromNetip(a)); got != want {
			t.Errorf("for %s it asks %q, not %s", to, got, want)
		}
	}
	if err := s.a.AddRoute(Route{Dst: prefixOf("0.0.0.0/0"), Gateway: netip.MustParseAddr("10.0.0.254")}); err != syscall.EEXIST {
		t.Errorf("a second time: %v", err)
	}
	if err := s.a.RemoveRoute(Route{Dst: prefixOf("192.0.2.128/25"), Gateway: netip.MustParseAddr("10.0.0.252")}); err != 0 {
		t.Errorf("remove: %v", err)
	}
	if got := asks(v4(192, 0, 2, 201)); got != "10.0.0.253" {
		t.Errorf("after removal it asks %q", got)
	}
	if err := s.a.RemoveRoute(Route{Dst: prefixOf("192.0.2.128/25")}); err != syscall.ENOENT {
		t.Errorf("remove again: %v", err)
	}
	n := 0
	s.a.Routes(func(Route) bool { n++; return true })
	if n != 3+3 {
		t.Errorf("%d routes", n)
	}
}

// forget empties the neighbour cache, so that the next question is asked anew.
func (s *station) forget() {
	var all []wire.Addr
	s.a.Neighbours(func(e neigh.Entry) bool { all = append(all, e.Addr); return true })
	for _, addr := range all {
		s.a.DeleteNeighbour(0, addr)
	}
}

// Flows are shared between gateways of equal metric, and leave one that is silent.
func TestSeveralGateways(t *testing.T) {
	s := newStation(t, nil)
	gates := []string{"10.0.0.251", "10.0.0.252", "10.0.0.253"}
	for i, g := range gates {
		s.a.AddRoute(Route{Dst: prefixOf("0.0.0.0/0"), Gateway: netip.MustParseAddr(g)})
		if i > 0 { // the first is silent
			s.a.SetNeighbour(0, wire.FromNetip(netip.MustParseAddr(g)), wire.MAC{2, 1, 1, 1, 1, byte(i)})
		}
	}
	used := map[string]int{}
	send := func() {
		for i := range 300 {
			s.a.Ping(wire.Addr{}, v4(192, 0, byte(i), 7), 1, 1, nil)
		}
		for _, f := range s.inbox {
			used[fmt.Sprint(wire.MAC(f))]++
		}
		s.inbox = nil
	}
	send()
	if len(used) != 3 || used["02:01:01:01:01:01"] < 50 || used["02:01:01:01:01:02"] < 50 {
		t.Errorf("%v", used)
	}
	for now := time.Duration(0); now < 5*time.Second; now += time.Second / 4 {
		s.poll(now)
	}
	s.inbox = nil
	clear(used)
	send()
	if used["02:01:01:01:01:01"]+used["02:01:01:01:01:02"] != 300 {
		t.Errorf("after its silence: %v", used)
	}
}

func TestManyAddresses(t *testing.T) {
	s := newStation(t, nil)
	s.known()
	for i := range 400 {
		p := netip.PrefixFrom(v4(10, 1, byte(i>>8), byte(i)|1).Netip(), 32)
		err := s.a.AddAddress(0, p, true)
		if want := syscall.Errno(0); i&1 == 1 {
			want = syscall.EEXIST
			if err != want {
				t.Fatalf("%s: %v", p, err)
			}
		} else if err != want {
			t.Fatalf("%s: %v", p, err)
		}
	}
	for i := 1; i < 400; i += 2 {
		dst := v4(10, 1, byte(i>>8), byte(i))
		s.ip4(wire.IPv4{Src: station4, Dst: dst, Proto: 1}, icmp4(wire.ICMP{Type: 8}, nil))
		s.expectHeard(fmt.Sprintf("%s > 10.0.0.9 icmp 0/0", dst))
	}
	if err := s.a.RemoveAddress(netip.MustParseAddr("10.1.0.1")); err != 0 {
		t.Error(err)
	}
	s.ip4(wire.IPv4{Src: station4, Dst: v4(10, 1, 0, 1), Proto: 1}, icmp4(wire.ICMP{Type: 8}, nil))
	s.expectHeard()
	s.a.Ping(wire.Addr{}, station4, 1, 1, nil)
	s.expectHeard("10.0.0.1 > 10.0.0.9 icmp 8/0") // a virtual address is no source
	if err := s.a.RemoveAddress(netip.MustParseAddr("10.0.0.1")); err != 0 {
		t.Error(err)
	}
	if err := s.a.Ping(wire.Addr{}, v4(10, 0, 0, 2), 1, 1, nil); err != syscall.ENETUNREACH {
		t.Errorf("the network of a removed address: %v", err)
	}
	n := 0
	s.a.Addresses(func(int, netip.Prefix) bool { n++; return true })
	if n != 199+2 {
		t.Errorf("%d addresses", n)
	}
	for _, bad := range []string{"0.0.0.0/0", "224.0.0.1/24", "127.0.0.1/8", "::1/128", "ff02::1/64"} {
		if err := s.a.AddAddress(0, prefixOf(bad), false); err != syscall.EINVAL {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestGroupsAreReported(t *testing.T) {
	s := newStation(t, func(c *Config) { c.Ports[0].LinkLocal = false })
	g4, g6 := v4(239, 1, 2, 3), wire.Addr{0: 0xff, 1: 5, 15: 7}
	s.a.JoinGroup(0, g4)
	s.a.JoinGroup(0, g6)
	s.a.JoinGroup(0, g4)
	s.poll(0)
	s.expectHeard("10.0.0.1 > 224.0.0.22 igmp 22 4 for 239.1.2.3", ":: > ff02::16 icmp 143/0")
	s.poll(2 * time.Second)
	s.expectHeard("10.0.0.1 > 224.0.0.22 igmp 22 4 for 239.1.2.3", ":: > ff02::16 icmp 143/0")
	s.poll(time.Minute)
	s.expectHeard()
	query := []byte{0x11, 100, 0xee, 0x9b, 0, 0, 0, 0}
	s.ip4(wire.IPv4{Src: station4, Dst: wire.AllHosts4, Proto: wire.ProtoIGMP, TTL: 1}, query)
	s.poll(time.Minute + 11*time.Second)
	s.expectHeard("10.0.0.1 > 224.0.0.22 igmp 22 2 for 239.1.2.3")
	mld := make([]byte, 24)
	mld[0], mld[4] = 130, 1
	s.icmp6(station6, wire.AllNodes, 1, mld)
	s.poll(time.Minute + 30*time.Second)
	if got := s.heard(); !strings.Contains(got, ":: > ff02::16 icmp 143/0") {
		t.Errorf("heard %q", got)
	}
	s.a.LeaveGroup(0, g4)
	s.expectHeard()
	s.a.LeaveGroup(0, g4)
	s.expectHeard("10.0.0.1 > 224.0.0.22 igmp 22 3 for 239.1.2.3")
	if err := s.a.LeaveGroup(0, g4); err != syscall.ENOENT {
		t.Errorf("leave: %v", err)
	}
}

func TestVLAN(t *testing.T) {
	a, b := newHost(t, 1, func(c *Config) { c.Ports[0].VLAN = 5 }), newHost(t, 2, func(c *Config) { c.Ports[0].VLAN = 5 })
	a.peer, b.peer = b, a
	a.Ping(wire.Addr{}, b.v4, 1, 1, nil)
	settle(0, a, b)
	a.expect("echo reply 1/1 of 0 from 10.0.0.2")
}

func TestConfigIsChecked(t *testing.T) {
	dev := &host{t: t}
	good := Port{Name: "eth0", MAC: stationMAC, Device: dev}
	for want, change := range map[string]func(*Config, *Port){
		"Device":    func(c *Config, p *Port) { p.Device = nil },
		"MAC":       func(c *Config, p *Port) { p.MAC[0] = 1 },
		"MTU":       func(c *Config, p *Port) { p.MTU = 100 },
		"VLAN":      func(c *Config, p *Port) { p.VLAN = 4095 },
		"Sockets":   func(c *Config, p *Port) { c.Sockets = -1 },
		"PortFirst": func(c *Config, p *Port) { c.PortFirst, c.PortLast = 9, 8 },
		"Hops":      func(c *Config, p *Port) { c.Hops = 5000 },
	} {
		c, p := Config{}, good
		change(&c, &p)
		c.Ports = []Port{p}
		if _, err := New(c, dev); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := New(Config{}, dev); err == nil {
		t.Error("no ports")
	}
}
