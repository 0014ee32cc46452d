package tcp

import (
	"encoding/binary"
	"fmt"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"ringstack/stack/wire"
)

// A wire without delay between two transports, with checksums made and checked as without offload.

type benchHost struct {
	addr   wire.Addr
	peer   *benchHost
	tcp    *Transport
	frames [][]byte
	out    []Packet
	cur    []byte
	onRead func(ID)
	opened []ID
}

func newBenchPair(cfg Config) (a, b *benchHost) {
	mk := func(n byte) *benchHost {
		h := &benchHost{addr: wire.From4([4]byte{10, 0, 0, n})}
		cfg.Seed[0] = n
		t, err := New(cfg, h, h)
		if err != nil {
			panic(err)
		}
		h.tcp = t
		return h
	}
	a, b = mk(1), mk(2)
	a.peer, b.peer = b, a
	return a, b
}

func (h *benchHost) Accepted(_, c ID) {
	h.opened = append(h.opened, c)
	h.tcp.SetNoDelay(c, true)
}
func (h *benchHost) Connected(c ID, err syscall.Errno) {
	if err == 0 {
		h.opened = append(h.opened, c)
	}
}
func (h *benchHost) Readable(c ID)            { h.onRead(c) }
func (h *benchHost) Writable(ID)              {}
func (h *benchHost) Closed(ID, syscall.Errno) {}
func (h *benchHost) PathMTU(*Route) int       { return 1500 }
func (h *benchHost) Confirm(*Route)           {}
func (h *benchHost) Route(l, r wire.Addr) (Route, bool) {
	return Route{Local: h.addr, Remote: r, MTU: 1500}, true
}

func (h *benchHost) Segment(_ *Route, n int) []byte {
	if len(h.frames) == 0 {
		h.frames = append(h.frames, make([]byte, 1500))
	}
	h.cur = h.frames[len(h.frames)-1][:n]
	return h.cur
}

func (h *benchHost) Send(r *Route, payloadSum uint32, ecn uint8) {
	h.frames = h.frames[:len(h.frames)-1]
	b := h.cur
	hl := int(b[12]>>4) * 4
	sum := wire.Sum(b[:hl], wire.PseudoSum(&r.Local, &r.Remote, 6, len(b)))
	binary.BigEndian.PutUint16(b[16:], ^wire.Fold(sum+uint32(wire.Fold(payloadSum))))
	h.out = append(h.out, Packet{Local: r.Remote, Remote: r.Local, Segment: b, ECN: ecn})
}

// turn hands over what h has sent and lets the peer answer; it reports whether there was anything.
func (h *benchHost) turn(now time.Duration) bool {
	h.tcp.Tick(now)
	h.tcp.Flush(now)
	for i := range h.out {
		h.peer.tcp.Input(&h.out[i], now)
		b := h.out[i].Segment
		h.frames = append(h.frames, b[:cap(b)])
	}
	n := len(h.out)
	h.out = h.out[:0]
	return n > 0
}

func connectPair(tb testing.TB, a, b *benchHost, n int) {
	if _, err := b.tcp.Listen(ListenConfig{Port: 80, HalfOpen: 1 << 20}); err != 0 {
		tb.Fatal(err)
	}
	nothing := func(ID) {}
	a.onRead, b.onRead = nothing, nothing
	for len(a.opened) < n {
		for range min(1000, n-len(a.opened)) {
			c := ConnectConfig{Local: a.addr, Remote: b.addr, RemotePort: 80, LocalPort: uint16(1024 + a.tcp.conns.used%60000)}
			if _, err := a.tcp.Connect(&c); err != 0 {
				tb.Fatal(err)
			}
		}
		for busy := true; busy; {
			busy = a.turn(0)
			busy = b.turn(0) || busy
		}
	}
	for _, id := range a.opened {
		a.tcp.SetNoDelay(id, true)
	}
}

// requestResponse sets up n connections on each of which a request of 64 bytes is always answered by 64 bytes. round makes one round trip of all
// of them.
func requestResponse(tb testing.TB, n int) (round func(now time.Duration)) {
	a, b := newBenchPair(Config{MaxConns: n + 10})
	connectPair(tb, a, b, n)
	request := make([]byte, 64)
	b.onRead = func(id ID) {
		p := b.tcp.Peek(id)
		b.tcp.Write(id, p)
		b.tcp.Consume(id, len(p))
	}
	answers := 0
	a.onRead = func(id ID) {
		n := len(a.tcp.Peek(id))
		a.tcp.Consume(id, n)
		answers++
		a.tcp.Write(id, request)
	}
	for _, id := range a.opened {
		a.tcp.Write(id, request)
	}
	return func(now time.Duration) {
		for want := answers + n; answers < want; {
			a.turn(now)
			b.turn(now)
		}
	}
}

func BenchmarkRR(b *testing.B) {
	for _, n := range []int{1, 1000, 30000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			round := requestResponse(b, n)
			now := time.Duration(0)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i += n {
				now += 50 * time.Microsecond
				round(now)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64((b.N+n-1)/n*n)/2, "ns/side")
		})
	}
}

func TestRequestResponseAllocatesNothing(t *testing.T) {
	round := requestResponse(t, 100)
	now := time.Duration(0)
	step := func() {
		now += 50 * time.Microsecond
		round(now)
	}
	for range 3000 { // past the first delayed-ACK and keep-alive wheel slots
		step()
	}
	if n := testing.AllocsPerRun(2000, step); n != 0 {
		t.Fatalf("%v allocations in a round of 100 requests", n)
	}
}

func BenchmarkStream(bm *testing.B) {
	a, b := newBenchPair(Config{})
	connectPair(bm, a, b, 1)
	got := 0
	b.onRead = func(id ID) {
		n := len(b.tcp.Peek(id))
		b.tcp.Consume(id, n)
		got += n
	}
	block := make([]byte, 64<<10)
	now := time.Duration(0)
	bm.SetBytes(int64(len(block)))
	bm.ReportAllocs()
	bm.ResetTimer()
	for i, sent := 0, 0; i < bm.N || got < bm.N*len(block); {
		if i < bm.N {
			n, _ := a.tcp.Write(a.opened[0], block[sent:])
			if sent += n; sent == len(block) {
				i, sent = i+1, 0
			}
		}
		now += 20 * time.Microsecond
		a.turn(now)
		b.turn(now)
	}
}

func BenchmarkCRR(bm *testing.B) {
	a, b := newBenchPair(Config{MSL: time.Millisecond})
	connectPair(bm, a, b, 0)
	request := make([]byte, 64)
	done := 0
	b.onRead = func(id ID) {
		if p := b.tcp.Peek(id); len(p) > 0 {
			b.tcp.Write(id, p)
			b.tcp.Consume(id, len(p))
		}
		b.tcp.Close(id)
	}
	a.onRead = func(id ID) {
		a.tcp.Consume(id, len(a.tcp.Peek(id)))
		if a.tcp.EOF(id) {
			a.tcp.Close(id)
			done++
		}
	}
	now := time.Duration(0)
	bm.ReportAllocs()
	for i := range bm.N {
		c := ConnectConfig{Local: a.addr, Remote: b.addr, RemotePort: 80}
		id, err := a.tcp.Connect(&c)
		if err != 0 {
			bm.Fatal(err)
		}
		for done <= i {
			now += 10 * time.Microsecond
			a.turn(now)
			if len(a.opened) > 0 {
				a.tcp.Write(id, request)
				a.opened = a.opened[:0]
			}
			b.turn(now)
			b.opened = b.opened[:0]
		}
	}
}

func TestIdleConnectionSize(t *testing.T) {
	if n := unsafe.Sizeof(conn{}) + 24 + 16 + 4; n > 600 {
		t.Errorf("an idle connection takes %d bytes in block, timer, table and free list", n)
	} else {
		t.Logf("%d bytes, of them %d in the block", n, unsafe.Sizeof(conn{}))
	}
	a, b := newBenchPair(Config{})
	connectPair(t, a, b, 10)
	if u := a.tcp.Usage(); u.Chunks != 0 || u.Sent != 0 {
		t.Errorf("idle connections hold %+v", u)
	}
}
