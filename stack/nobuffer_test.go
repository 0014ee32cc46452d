package stack

import (
	"testing"
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// TestNoBufferCountsPackets: a packet that is given up since the device has no buffer is counted; what waits and is tried again is not, and arrives.
func TestNoBufferCountsPackets(t *testing.T) {
	a, b := newPair(t)
	client := &asker{h: a}
	streams(a, b, 0)
	a.app = client
	b.TCP().Listen(tcp.ListenConfig{Port: 80})
	id, _ := a.TCP().Connect(&tcp.ConnectConfig{Remote: b.v4, RemotePort: 80})
	socket := a.open(Ends{LocalPort: 7})
	settle(0, a, b)

	a.blocked = true
	a.TCP().Write(id, client.data[:])
	for now := time.Millisecond; now < time.Second; now += time.Millisecond {
		if next := a.Poll(now); next < now+time.Millisecond {
			t.Fatalf("again after %v", next-now)
		}
		a.SendUDP(socket, &Datagram{Remote: b.v4, RemotePort: 9})
	}
	if stats := a.TCP().Stats(); a.count(NoBuffer) != 0 || stats[tcp.OutNoBuf] != 1 {
		t.Errorf("%d packets given up, %d segments wait", a.count(NoBuffer), stats[tcp.OutNoBuf])
	}
	s := &station{host: &host{t: t}, a: a, now: time.Second}
	a.SetNeighbour(0, station4, stationMAC)
	for range 3 {
		s.ip4(wire.IPv4{Src: station4, Dst: a.v4, Proto: 1}, icmp4(wire.ICMP{Type: wire.ICMPEcho}, nil))
		s.arp(wire.ARPRequest, station4, a.v4, stationMAC, wire.BroadcastMAC)
	}
	if n := a.count(NoBuffer); n != 6 {
		t.Errorf("%d answers given up", n)
	}
	a.blocked = false
	run(time.Second, 2*time.Second, a, b)
	if client.got != len(client.data) {
		t.Errorf("%d bytes came back", client.got)
	}
}
