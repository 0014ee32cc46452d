package stack

import (
	"syscall"
	"testing"
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// FuzzInput gives a live engine sequences of frames and pauses, as a hostile neighbour can. Each frame is a length byte, a byte of
// time, and that many bytes behind an Ethernet header to us.
func FuzzInput(f *testing.F) {
	seed := func(frames ...[]byte) {
		var all []byte
		for _, b := range frames {
			all = append(all, byte(len(b)), 1)
			all = append(all, b...)
		}
		f.Add(all)
	}
	own4, own6 := v4(10, 0, 0, 1), wire.Addr{0: 0xfd, 15: 1}
	arp := make([]byte, wire.ARPLen)
	wire.PutARP(arp, &wire.ARP{Op: 1, Sender: station4, SenderMAC: stationMAC, Target: own4})
	seed(append([]byte{8, 6}, arp...))
	for _, proto := range []uint8{1, 2, 6, 17} {
		b := make([]byte, 60)
		wire.PutIPv4(b, &wire.IPv4{Src: station4, Dst: own4, TTL: 1, Proto: proto, TotalLen: 60, MF: proto == 17})
		seed(append([]byte{8, 0}, b...), append([]byte{8, 6}, arp...))
	}
	for _, next := range []uint8{0, 43, 44, 58, 60} {
		b := make([]byte, 100)
		wire.PutIPv6(b, &wire.IPv6{Src: station6, Dst: own6, HopLimit: 255, Next: next, PayloadLen: 60})
		b[40] = 58
		seed(append([]byte{0x86, 0xdd}, b...))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		s := newStation(t, func(c *Config) { c.Ports[0].Autoconf, c.Ports[0].Detect, c.Ports[0].Announce = true, true, true })
		client, _ := streams(s.a, s.a, 100)
		s.a.app = client
		s.a.TCP().Listen(tcp.ListenConfig{Port: 80})
		s.a.OpenUDP(Ends{LocalPort: 53})
		s.a.JoinGroup(0, v4(239, 0, 0, 1))
		for len(script) > 2 {
			n := min(int(script[0]), len(script)-2)
			s.now += time.Duration(script[1]) * time.Duration(script[1]) * time.Millisecond
			frame := append(append(s.a.mac[:len(s.a.mac):len(s.a.mac)], stationMAC[:]...), script[2:2+n]...)
			fix(frame)
			s.say(frame)
			s.poll(s.now)
			script = script[2+n:]
		}
		if len(s.a.addresses.list) > 64 || len(s.a.routes) > 200 || s.a.neighbours.Len() > 1024 || s.a.fragments.Len() > 256 {
			t.Error("a table grows")
		}
	})
}

// fix puts right checksums into a frame, so that the fuzzer gets behind them.
func fix(f []byte) {
	if len(f) < 14+20 || f[12] != 8 || f[13] != 0 {
		fix6(f)
		return
	}
	b := f[14:]
	n := int(b[0]&15) * 4
	if n < 20 || n > len(b) {
		return
	}
	b[10], b[11] = 0, 0
	sum := ^wire.Fold(wire.Sum(b[:n], 0))
	b[10], b[11] = byte(sum>>8), byte(sum)
	total := int(b[2])<<8 | int(b[3])
	if total < n || total > len(b) {
		return
	}
	src, dst := wire.From4([4]byte(b[12:])), wire.From4([4]byte(b[16:]))
	fixTransport(b[9], b[n:total], &src, &dst)
}

func fix6(f []byte) {
	h, ok := wire.ParseIPv6(f[min(14, len(f)):])
	if !ok {
		return
	}
	b := f[14 : 14+wire.IPv6Len+h.PayloadLen]
	if c, fault := wire.WalkIPv6(b); fault == wire.ChainFine {
		fixTransport(c.Proto, b[c.Offset:], &h.Src, &h.Dst)
	}
}

func fixTransport(proto uint8, b []byte, src, dst *wire.Addr) {
	at, ok := map[uint8]int{1: 2, 2: 2, 58: 2, 6: 16, 17: 6}[proto]
	if !ok || len(b) < at+2 {
		return
	}
	b[at], b[at+1] = 0, 0
	s := uint32(0)
	if proto != 1 && proto != 2 {
		s = wire.PseudoSum(src, dst, proto, len(b))
	}
	sum := ^wire.Fold(wire.Sum(b, s))
	b[at], b[at+1] = byte(sum>>8), byte(sum)
}

// TestTCPNoAllocation: requests and answers over established connections cost no allocation.
func TestTCPNoAllocation(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		client := &asker{h: a}
		_, server := streams(a, b, 0)
		a.app, b.app = client, server
		b.TCP().Listen(tcp.ListenConfig{Port: 80})
		id, _ := a.TCP().Connect(&tcp.ConnectConfig{Remote: lb, RemotePort: 80})
		now := time.Duration(0)
		ask := func() {
			a.TCP().Write(id, client.data[:])
			now += time.Millisecond
			a.Poll(now)
			settle(now, a, b)
		}
		settle(now, a, b)
		for range 100 {
			ask()
		}
		before := client.got
		if n := testing.AllocsPerRun(200, ask); n != 0 {
			t.Errorf("%v allocations", n)
		}
		if client.got-before < 200*64 {
			t.Errorf("%d bytes came back", client.got-before)
		}
	})
}

// asker counts what comes back.
type asker struct {
	h    *host
	data [64]byte
	got  int
}

func (x *asker) Accepted(l, c tcp.ID) {}
func (x *asker) Readable(c tcp.ID) {
	n := x.h.TCP().Unread(c)
	x.got += n
	x.h.TCP().Consume(c, n)
}
func (x *asker) Connected(tcp.ID, syscall.Errno) {}
func (x *asker) Writable(tcp.ID)                 {}
func (x *asker) Closed(tcp.ID, syscall.Errno)    {}

func BenchmarkTCPEcho(b *testing.B) {
	x, y := newPair(b)
	client, server := &asker{h: x}, &stream{h: y, accepts: true}
	x.app, y.app = client, server
	y.TCP().Listen(tcp.ListenConfig{Port: 80})
	id, _ := x.TCP().Connect(&tcp.ConnectConfig{Remote: y.v4, RemotePort: 80})
	settle(0, x, y)
	b.ReportAllocs()
	for b.Loop() {
		x.TCP().Write(id, client.data[:])
		x.Poll(1)
		settle(1, x, y)
	}
	if client.got < 64*b.N {
		b.Errorf("%d bytes for %d requests", client.got, b.N)
	}
}
