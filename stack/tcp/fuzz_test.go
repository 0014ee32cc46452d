package tcp

import (
	"flag"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"ringstack/stack/wire"
)

// fuzzPeer reads a byte string as segments, calls and pauses on one live transport, most of them nearly valid.
type fuzzPeer struct {
	script
	data []byte
	ids  []ID
}

func (f *fuzzPeer) Accepted(_, c ID)                { f.ids = append(f.ids, c) }
func (f *fuzzPeer) Connected(_ ID, _ syscall.Errno) {}
func (f *fuzzPeer) Closed(ID, syscall.Errno)        {}
func (f *fuzzPeer) Writable(ID)                     {}
func (f *fuzzPeer) Readable(c ID) {
	switch f.next() % 8 {
	case 0:
		f.tcp.Abort(c)
	case 1:
		f.tcp.Close(c)
	case 2, 3:
		f.tcp.Write(c, f.tcp.Peek(c))
		f.tcp.Consume(c, int(f.next()))
	}
}

func (f *fuzzPeer) next() byte {
	if len(f.data) == 0 {
		return 0
	}
	b := f.data[0]
	f.data = f.data[1:]
	return b
}

// near is a number close to one of the connection's, or far off.
func (f *fuzzPeer) near(base uint32) uint32 {
	switch b := f.next(); b % 4 {
	case 0, 1:
		return base
	case 2:
		return base + uint32(int8(f.next()))*uint32(b/4*b/4+1)
	default:
		return base + uint32(f.next())<<24 + uint32(b)
	}
}

func (f *fuzzPeer) conn() *conn {
	if len(f.ids) == 0 {
		return nil
	}
	_, c := f.tcp.conn(f.ids[int(f.next())%len(f.ids)])
	return c
}

func (f *fuzzPeer) segment() {
	h := wire.TCP{SrcPort: 9000 + uint16(f.next()%4), DstPort: 80, Flags: f.next(), Window: uint16(f.next()) << (f.next() % 9)}
	var o wire.TCPOptions
	if c := f.conn(); c != nil {
		h.SrcPort, h.DstPort = c.remotePort, c.localPort
		h.Seq, h.Ack = f.near(c.rcvNxt), f.near(c.sndNxt)
		if f.next()%3 == 0 {
			h.Ack = f.near(c.sndUna)
		}
		h.Flags |= wire.ACK
		if f.next()%8 != 0 {
			h.Flags &^= wire.SYN | wire.RST
		}
		if c.has(useTS) {
			o.HasTS, o.TSVal, o.TSEcr = f.next()%8 != 0, f.near(c.tsRecent), f.near(f.tcp.tsClock(c))
		}
		for range f.next() % 4 {
			start := f.near(c.sndUna)
			o.Sack[o.NSack] = wire.SackBlock{Start: start, End: start + uint32(f.next())*uint32(f.next())}
			o.NSack++
		}
	} else {
		h.Flags = wire.SYN
		b := f.next()
		o = wire.TCPOptions{MSS: uint16(f.next()) << 3, HasWScale: b&1 != 0, WScale: b >> 4, SACKPermitted: b&2 != 0, HasTS: b&4 != 0, TSVal: 1}
	}
	n := int(f.next()) * int(f.next()%6)
	b := make([]byte, 80+n)
	hl := wire.PutTCP(b, &h, &o)
	f.tcp.Input(&Packet{Local: us, Remote: them, Segment: b[:hl+n], Checked: true, ECN: f.next() & 3}, f.now)
	if h.Flags == wire.SYN {
		f.answer(h)
	}
}

// answer completes a handshake, so that most inputs reach a connection.
func (f *fuzzPeer) answer(h wire.TCP) {
	if f.lastH.Flags&(wire.SYN|wire.ACK) != wire.SYN|wire.ACK {
		return
	}
	h.Seq, h.Ack, h.Flags = h.Seq+1, f.lastH.Seq+1, wire.ACK
	o := wire.TCPOptions{HasTS: f.last.HasTS, TSVal: 1, TSEcr: f.last.TSVal}
	b := make([]byte, 80)
	hl := wire.PutTCP(b, &h, &o)
	f.tcp.Input(&Packet{Local: us, Remote: them, Segment: b[:hl], Checked: true}, f.now)
}

func (f *fuzzPeer) call() {
	if len(f.ids) == 0 {
		return
	}
	id := f.ids[int(f.next())%len(f.ids)]
	switch f.next() % 12 {
	case 10:
		f.tcp.Resume(f.now)
	case 11:
		on := f.next()
		f.tcp.ReportProgress(on&1 != 0)
		f.tcp.SetSACK(on&2 != 0)
		f.tcp.SetDelayedAck(on&4 != 0)
	case 0:
		f.tcp.Close(id)
	case 1:
		f.tcp.CloseWrite(id)
	case 2:
		f.tcp.Abort(id)
	case 3:
		f.tcp.SetLinger(id, time.Duration(f.next())*time.Millisecond)
	case 4:
		f.mtu = 300 + int(f.next())*4
		if c := f.conn(); c != nil {
			f.tcp.Unreachable(&ICMPError{Local: us, Remote: them, LocalPort: c.localPort, RemotePort: c.remotePort, Seq: f.near(c.sndUna), MTU: f.mtu}, f.now)
		}
	case 5:
		f.tcp.Consume(id, int(f.next())*int(f.next()))
	case 6:
		f.tcp.SetBuffers(id, int(f.next())<<8, int(f.next())<<8)
	case 7:
		f.dead = f.next()%2 == 0
	default:
		f.tcp.Write(id, make([]byte, int(f.next())*int(f.next())))
	}
}

func fuzzOne(t *testing.T, data []byte) {
	f := &fuzzPeer{script: script{T: t, us: us, them: them, mtu: 1500, peers: map[uint16]*scriptPeer{}}, data: data}
	var err error
	if f.tcp, err = New(Config{MaxConns: 8, MaxHalfOpen: 4, MaxTimeWait: 4, Memory: 1 << 20, Congestion: Congestion(f.next() % 2)}, f, f); err != nil {
		t.Fatal(err)
	}
	f.listen(ListenConfig{})
	for len(f.data) > 0 {
		switch f.next() % 8 {
		case 0, 1:
			f.call()
		case 2:
			f.now += time.Duration(f.next()) * time.Duration(f.next()) * time.Millisecond
			f.tcp.Tick(f.now)
		case 3:
			f.tcp.Flush(f.now)
		default:
			f.segment()
		}
		f.wire = nil
		if err := f.tcp.invariants(); err != nil {
			// Between a call and Flush only the marks may be missing; Flush must have made everything right.
			f.tcp.Flush(f.now)
			if err := f.tcp.invariants(); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.dead = false
	for _, id := range f.ids {
		f.tcp.Close(id)
	}
	f.tcp.Flush(f.now)
	for _, id := range f.ids {
		f.tcp.Abort(id)
	}
	f.run(10*time.Minute, false)
	if u := f.tcp.Usage(); u != (Usage{}) {
		t.Fatalf("left over: %+v", u)
	}
}

var fuzzSeeds = flag.Uint64("fuzzseeds", 300, "seeds of TestRandomSegments")

func FuzzSegments(f *testing.F) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		b := make([]byte, 4000)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(fuzzOne)
}

// TestRandomSegments runs more seeds than the corpus holds.
func TestRandomSegments(t *testing.T) {
	for seed := range uint64(*fuzzSeeds) {
		rng := rand.New(rand.NewPCG(seed, 4))
		b := make([]byte, 3000)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		if fuzzOne(t, b); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
