package stack

import (
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"ringstack/stack/neigh"
	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// FuzzInput gives a live engine sequences of frames, calls and pauses, as a hostile neighbour and a busy application can. Each is a length
// byte, a byte of time, and that many bytes: a frame behind an Ethernet header to us, or with a length of callMark and above a call.
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
	calls := []byte{}
	for what := range byte(16) {
		calls = append(calls, callMark, 1, what, what, what, what)
	}
	f.Add(calls)
	f.Fuzz(fuzzEngine)
}

// callMark and above is the length byte of a call, which has callLen bytes.
const (
	callMark = 250
	callLen  = 4
)

func fuzzEngine(t *testing.T, script []byte) {
	s := newStation(t, func(c *Config) {
		c.Ports[0].Autoconf, c.Ports[0].Detect, c.Ports[0].Announce = true, true, true
		c.Sockets, c.Groups, c.Routes, c.Addresses, c.PathMTUs = 8, 16, 32, 32, 4
		c.Neighbour.Entries, c.Neighbour.Frames = 16, 8
		c.TCP.MaxConns, c.TCP.MaxHalfOpen, c.TCP.MaxTimeWait, c.TCP.Memory = 16, 4, 4, 1<<20
	})
	client, _ := streams(s.a, s.a, 100)
	x := &fuzzApp{station: s}
	s.a.app = &both{client: client, server: &stream{h: s.a, accepts: true}}
	s.a.TCP().Listen(tcp.ListenConfig{Port: 80})
	s.a.OpenUDP(Ends{LocalPort: 53})
	s.a.JoinGroup(0, v4(239, 0, 0, 1))
	s.a.onData = func(SocketID, *Datagram) { x.call([callLen]byte{1, 2, 3, 4}) }
	for len(script) > 2 {
		n := int(script[0])
		s.now += time.Duration(script[1]) * time.Duration(script[1]) * time.Millisecond
		script = script[2:]
		if n >= callMark {
			x.call([callLen]byte(append(script[:min(callLen, len(script)):len(script)], make([]byte, callLen)...)))
			n = callLen
		} else {
			s.a.blocked = n == callMark-1
			frame := append(append(s.a.mac[:len(s.a.mac):len(s.a.mac)], stationMAC[:]...), script[:min(n, len(script))]...)
			fix(frame)
			s.say(frame)
		}
		s.poll(s.now)
		script = script[min(n, len(script)):]
	}
	if len(s.a.addresses.list) > 64 || len(s.a.routes) > 200 || s.a.neighbours.Len() > 16 || s.a.fragments.Len() > 256 {
		t.Error("a table grows")
	}
	x.end()
}

// fuzzApp makes calls on an engine.
type fuzzApp struct {
	*station
	sockets []SocketID
	conns   []tcp.ID
}

// fuzzPeers are whom calls are about.
var fuzzPeers = []wire.Addr{station4, station6, {0: 0xfd, 15: 9}, v4(192, 0, 2, 1), v4(10, 0, 0, 1), v4(127, 0, 0, 1), v4(239, 0, 0, 1), {0: 0xff, 1: 2, 15: 0x99}, {}}

func (x *fuzzApp) call(b [callLen]byte) {
	peer := fuzzPeers[int(b[1])%len(fuzzPeers)]
	prefix := netip.PrefixFrom(v4(10, 9, 0, b[2]).Netip(), 24)
	e := x.a.Engine
	switch b[0] % 16 {
	case 0:
		if id, err := e.OpenUDP(Ends{Remote: peer, RemotePort: uint16(b[2])}); err == 0 {
			x.sockets = append(x.sockets, id)
		}
	case 1, 2:
		if len(x.sockets) > 0 {
			e.SendUDP(x.sockets[int(b[3])%len(x.sockets)], &Datagram{Data: make([]byte, int(b[2])*int(b[3]))})
		}
		if id, err := e.OpenUDP(Ends{}); err == 0 {
			e.SendUDP(id, &Datagram{Remote: peer, RemotePort: 53, Data: make([]byte, b[2])})
			e.CloseUDP(id)
		}
	case 3:
		if len(x.sockets) > 0 {
			e.CloseUDP(x.sockets[int(b[2])%len(x.sockets)])
		}
	case 4:
		if id, err := e.TCP().Connect(&tcp.ConnectConfig{Remote: peer, RemotePort: 80}); err == 0 {
			x.conns = append(x.conns, id)
		}
	case 5:
		if len(x.conns) > 0 {
			e.TCP().Write(x.conns[int(b[2])%len(x.conns)], make([]byte, int(b[3])*16))
		}
	case 6:
		if len(x.conns) > 0 {
			e.TCP().Close(x.conns[int(b[2])%len(x.conns)])
		}
	case 7:
		e.AddAddress(0, prefix, b[3]&1 != 0)
	case 8:
		e.RemoveAddress(prefix.Addr())
	case 9:
		e.AddRoute(Route{Dst: netip.PrefixFrom(v4(b[2], b[3], 0, 0).Netip(), int(b[3])%33), Gateway: station4.Netip()})
	case 10:
		e.RemoveRoute(Route{Dst: netip.PrefixFrom(v4(b[2], b[3], 0, 0).Netip(), int(b[3])%33), Gateway: station4.Netip()})
	case 11:
		e.JoinGroup(0, peer)
	case 12:
		e.LeaveGroup(0, peer)
	case 13:
		e.SetNeighbour(0, peer, wire.MAC{2, 5: b[2]})
	case 14:
		e.DeleteNeighbour(0, peer)
	default:
		e.Ping(wire.Addr{}, peer, uint16(b[2]), uint16(b[3]), make([]byte, int(b[2])*int(b[3])))
		e.TCP().Resume(x.now)
	}
}

// end lets everything come to its end: nothing is left in use.
func (x *fuzzApp) end() {
	x.a.blocked = false
	for _, info := range slices.Collect(x.a.TCP().All()) {
		x.a.TCP().CloseListener(info.ID)
		x.a.TCP().Abort(info.ID)
	}
	for now, end := x.now, x.now+10*time.Minute; now < end; {
		now = max(now+time.Millisecond, min(end, x.poll(now)))
	}
	if u := x.a.TCP().Usage(); u != (tcp.Usage{}) {
		x.t.Errorf("TCP: %+v", u)
	}
	if x.a.loop.used != 0 || x.a.fragments.Len() != 0 {
		x.t.Errorf("%d bytes to ourselves and %d datagrams in pieces are left", x.a.loop.used, x.a.fragments.Len())
	}
	x.a.Neighbours(func(n neigh.Entry) bool {
		if n.Frames != 0 {
			x.t.Errorf("%d frames wait for %s", n.Frames, n.Addr)
		}
		return true
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
