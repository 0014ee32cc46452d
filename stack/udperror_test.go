package stack

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"ringstack/stack/wire"
)

// sentDatagram is a packet that a socket on port 7 sent to port 99 of the station.
func (s *station) sentDatagram(six bool) (packet []byte) {
	s.known()
	local, remote := s.a.v4, station4
	if six {
		local, remote = s.a.v6, station6
	}
	id := s.a.open(Ends{Local: local, LocalPort: 7})
	s.a.SendUDP(id, &Datagram{Remote: remote, RemotePort: 99, Data: make([]byte, 100)})
	packet = append([]byte{}, s.inbox[0][14:]...)
	s.inbox = nil
	return packet
}

// complain sends an ICMP error about a packet.
func (s *station) complain(six bool, kind, code uint8, quote []byte) {
	if six {
		s.icmp6(station6, s.a.v6, 64, append([]byte{kind, code, 0, 0, 0, 0, 0, 0}, quote...))
		return
	}
	s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: wire.ProtoICMP}, icmp4(wire.ICMP{Type: kind, Code: code}, quote))
}

// TestUDPUnreachable: ICMP errors reach the socket as RFC 1122 section 4.1.3.3 and RFC 1812 section 5.2.7.1 name them.
func TestUDPUnreachable(t *testing.T) {
	for _, c := range []struct {
		name       string
		six        bool
		kind, code uint8
		want       syscall.Errno
	}{
		{"network unreachable", false, 3, 0, syscall.ENETUNREACH},
		{"host unreachable", false, 3, 1, syscall.EHOSTUNREACH},
		{"protocol unreachable", false, 3, 2, syscall.ENOPROTOOPT},
		{"port unreachable", false, 3, 3, syscall.ECONNREFUSED},
		{"source route failed", false, 3, 5, syscall.EHOSTUNREACH},
		{"forbidden", false, 3, 13, syscall.EACCES},
		{"a code of tomorrow", false, 3, 99, syscall.EHOSTUNREACH},
		{"time to live", false, 11, 0, syscall.EHOSTUNREACH},
		{"parameter problem", false, 12, 0, syscall.EPROTO},
		{"no route", true, 1, 0, syscall.ENETUNREACH},
		{"forbidden", true, 1, 1, syscall.EACCES},
		{"address unreachable", true, 1, 3, syscall.EHOSTUNREACH},
		{"port unreachable", true, 1, 4, syscall.ECONNREFUSED},
		{"hop limit", true, 3, 0, syscall.EHOSTUNREACH},
		{"next header unknown", true, 4, 1, syscall.ECONNREFUSED},
		{"parameter problem", true, 4, 0, syscall.EPROTO},
	} {
		t.Run(fmt.Sprintf("%s, IPv6 %v", c.name, c.six), func(t *testing.T) {
			s := newStation(t, nil)
			s.complain(c.six, c.kind, c.code, s.sentDatagram(c.six))
			to := station4
			if c.six {
				to = station6
			}
			s.a.expect(fmt.Sprintf("error about %s: %s", hostPort(to, 99), c.want))
		})
	}
}

// TestForgedUnreachable: an error about a packet that no socket can have sent reaches nobody (RFC 5927 section 4).
func TestForgedUnreachable(t *testing.T) {
	for name, spoil := range map[string]func(packet []byte, l4 int) []byte{
		"another source port": func(p []byte, l4 int) []byte { p[l4+1]++; return p },
		"another source":      func(p []byte, l4 int) []byte { p[map[int]int{20: 15, 40: 23}[l4]]++; return p },
		"another protocol":    func(p []byte, l4 int) []byte { p[map[int]int{20: 9, 40: 6}[l4]] = 132; return p },
		"no ports":            func(p []byte, l4 int) []byte { return p[:l4+3] },
		"no header":           func(p []byte, l4 int) []byte { return p[:l4-1] },
		"a later fragment":    func(p []byte, l4 int) []byte { p[7]++; p[6] = 44; return p },
		"nothing":             func(p []byte, l4 int) []byte { return nil },
	} {
		for _, six := range []bool{false, true} {
			s := newStation(t, nil)
			l4, kind, code := 20, uint8(3), uint8(3)
			if six {
				l4, kind, code = 40, 1, 4
			}
			s.complain(six, kind, code, spoil(s.sentDatagram(six), l4))
			if len(s.a.log) != 0 || s.a.count(ICMPErrorUnmatched) != 1 {
				t.Errorf("%s, IPv6 %v: %q, %d unmatched", name, six, s.a.log, s.a.count(ICMPErrorUnmatched))
			}
		}
	}
}

// TestErrorsAreLimited: answers to what is wrong have one limit for both versions; what is right is answered without.
func TestErrorsAreLimited(t *testing.T) {
	for _, c := range []struct {
		name string
		say  func(*station)
		want int
	}{
		{"closed ports", func(s *station) {
			s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: wire.ProtoUDP}, udp(station4, s.a.v4, 1, 2, ""))
		}, 10},
		{"closed ports, IPv6 (RFC 4443 section 2.4 (f))", func(s *station) {
			s.ip6(wire.IPv6{Src: station6, Dst: s.a.v6, Next: wire.ProtoUDP, HopLimit: 64}, udp(station6, s.a.v6, 1, 2, ""))
		}, 10},
		{"unknown next header", func(s *station) {
			s.ip6(wire.IPv6{Src: station6, Dst: s.a.v6, Next: 200, HopLimit: 64}, make([]byte, 8))
		}, 10},
		{"closed port of a group is not answered (RFC 1122 section 3.2.2)", func(s *station) {
			s.ip4(wire.IPv4{Src: station4, Dst: wire.AllHosts4, Proto: wire.ProtoUDP}, udp(station4, wire.AllHosts4, 1, 2, ""))
		}, 0},
		{"echo", func(s *station) {
			s.ip4(wire.IPv4{Src: station4, Dst: s.a.v4, Proto: 1}, icmp4(wire.ICMP{Type: 8}, nil))
		}, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStation(t, func(c *Config) { c.Errors = 10 })
			s.known()
			for range 50 {
				c.say(s)
			}
			if n := len(s.inbox); n != c.want {
				t.Errorf("%d answers", n)
			}
			s.now = 10 * time.Second // not ten bursts
			for range 50 {
				c.say(s)
			}
			if n := len(s.inbox); n != 2*c.want {
				t.Errorf("%d answers after a pause", n-c.want)
			}
		})
	}
}
