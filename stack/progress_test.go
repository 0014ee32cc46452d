package stack

import (
	"testing"
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// TestProgressConfirmsNeighbours: while a connection's data arrives at both ends nobody asks whether the neighbour is there (RFC 4861
// section 7.3.1). Datagrams prove nothing.
func TestProgressConfirmsNeighbours(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		client := &asker{h: a}
		streams(a, b, 0)
		a.app = client
		b.TCP().Listen(tcp.ListenConfig{Port: 80})
		id, _ := a.TCP().Connect(&tcp.ConnectConfig{Remote: lb, RemotePort: 80})
		now := time.Duration(0)
		settle(now, a, b)
		asked := func(what func()) (n uint64) {
			before := a.NeighbourCounters().Solicited
			for end := now + 5*time.Minute; now < end; now += 100 * time.Millisecond {
				if now%time.Second == 0 {
					what()
				}
				settle(now, a, b)
			}
			return a.NeighbourCounters().Solicited - before
		}
		if n := asked(func() { a.TCP().Write(id, client.data[:]) }); n != 0 {
			t.Errorf("asked %d times during a conversation", n)
		}
		if client.got != 300*64 {
			t.Errorf("%d bytes came back", client.got)
		}
		udp := a.open(Ends{Remote: lb, RemotePort: 53})
		if n := asked(func() { a.SendUDP(udp, &Datagram{}) }); n < 5 {
			t.Errorf("asked %d times beside datagrams", n)
		}
	})
}

// TestPathMTUGrows: a connection sends larger segments again ten minutes after a router spoke of a narrow link (RFC 1191 section 6.3, RFC 8201
// section 4).
func TestPathMTUGrows(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		streams(a, b, 0)
		client := &asker{h: a}
		a.app = client
		b.TCP().Listen(tcp.ListenConfig{Port: 80})
		id, _ := a.TCP().Connect(&tcp.ConnectConfig{Remote: lb, RemotePort: 80})
		settle(0, a, b)
		longest := 0
		narrow := true
		a.filter = func(f []byte) bool {
			size := len(f) - 14
			if narrow && size > 1300 {
				s := &station{host: &host{t: t}, a: a, now: a.now}
				if la.Is4() {
					s.ip4(wire.IPv4{Src: station4, Dst: la, Proto: wire.ProtoICMP}, icmp4(wire.ICMP{Type: 3, Code: 4, Rest: 1300}, f[14:14+28]))
				} else {
					s.icmp6(station6, la, 64, append([]byte{2, 0, 0, 0, 0, 0, 5, 20}, f[14:]...))
				}
				return false
			}
			longest = max(longest, size)
			return true
		}
		talk := func(from, to time.Duration) int {
			longest = 0
			for now := from; now < to; now += 10 * time.Second {
				a.TCP().Write(id, make([]byte, 5000))
				run(now, now+time.Second, a, b)
			}
			return longest
		}
		if n := talk(0, 9*time.Minute); n != 1300 {
			t.Errorf("packets of %d bytes through a narrow link", n)
		}
		narrow = false
		if n := talk(9*time.Minute, 12*time.Minute); n != 1500 {
			t.Errorf("packets of %d bytes when it is no more", n)
		}
		if got, want := client.got, (9+3)*6*5000; got != want {
			t.Errorf("%d of %d bytes came back", got, want)
		}
	})
}
