package secondary

import (
	"bytes"
	"slices"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"ringstack/msg"
	"ringstack/ring"
	"ringstack/secondary/engine"
	"ringstack/shm"
)

const (
	base    = 0x2000_0000
	ringLen = 16
	allocAt = base
	freeAt  = base + 0x1000
	txAt    = base + 0x2000
	ctrlAt  = base + 0x3000
	mbufsAt = base + 0x4000
	mbufLen = 2432
	mbufNum = 12
)

// testDevice makes a device on memory of its own, with mbufNum mbufs waiting in the alloc ring, and
// the primary's ends of the rings.
func testDevice(t *testing.T) (d *device, tx, freed *ring.Consumer) {
	t.Helper()
	words := make([]uint64, (mbufsAt-base+mbufNum*mbufLen)/8)
	mem := shm.NewMemory(unsafe.Pointer(&words[0]), base, uint64(len(words)*8))
	for _, addr := range []uint64{allocAt, freeAt, txAt} {
		r := mem.Ring(addr)
		r.Size, r.Mask, r.Capacity = ringLen, ringLen-1, ringLen-1
	}
	var errs [6]error
	alloc, err := ring.NewProducer(mem, allocAt)
	errs[0] = err
	for i := range uint64(mbufNum) {
		alloc.Enqueue([]uint64{mbufsAt + i*mbufLen})
	}
	l := &loop{session: &session{mem: mem, header: mem.InitControl(ctrlAt, 1, 1), slot: mem.Slot(ctrlAt, 0)}}
	l.sleeper = ring.NewSleeper(&l.slot.Sleep)
	l.mbufs.spare = make([]uint64, 0, 4)
	l.mbufs.alloc, errs[1] = ring.NewConsumer(mem, allocAt)
	l.mbufs.free, errs[2] = ring.NewProducer(mem, freeAt)
	d = &device{loop: l, staged: make([]uint64, 0, 4), limit: 1514}
	d.tx, errs[3] = ring.NewProducer(mem, txAt)
	tx, errs[4] = ring.NewConsumer(mem, txAt)
	freed, errs[5] = ring.NewConsumer(mem, freeAt)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return d, tx, freed
}

// frame writes a frame of n bytes whose first is tag.
func frame(d *device, tag byte, n int) bool {
	f := d.Frame(n)
	if f == nil {
		return false
	}
	clear(f)
	f[0] = tag
	d.Send()
	return true
}

func TestFramesReachTheTxRing(t *testing.T) {
	d, tx, _ := testDevice(t)
	for i := range byte(6) {
		if !frame(d, i, 60+int(i)) {
			t.Fatalf("frame %d was refused", i)
		}
	}
	d.flush()
	got := make([]uint64, ringLen)
	got = got[:tx.Dequeue(got)]
	if len(got) != 6 {
		t.Fatalf("%d frames in the tx ring, want 6", len(got))
	}
	for i, addr := range got {
		m := d.loop.mem.Mbuf(addr)
		if m.DataLen != uint16(60+i) || m.PktLen != uint32(60+i) || m.NbSegs != 1 || m.Next != 0 ||
			d.loop.mem.Frame(addr, int(m.DataOff), 1)[0] != byte(i) {
			t.Errorf("frame %d: %+v", i, *m)
		}
	}
}

func TestFrameIsRefusedWhenTooLong(t *testing.T) {
	d, _, _ := testDevice(t)
	if d.Frame(1514) == nil || d.Frame(1515) != nil {
		t.Error("the longest frame is not the port's")
	}
}

func TestFrameIsRefusedWithoutRings(t *testing.T) {
	d, tx, _ := testDevice(t)
	if !frame(d, 1, 60) || d.Frame(60) == nil {
		t.Fatal("no frame")
	}
	d.disconnect()
	if d.Frame(1) != nil || len(d.staged) != 0 || tx.Len() != 0 {
		t.Error("a device without rings has something")
	}
	d.Wake() // is for all times
}

func TestFrameIsRefusedWithoutMbuf(t *testing.T) {
	d, _, _ := testDevice(t)
	sent := 0
	for frame(d, 1, 60) {
		sent++
	}
	if sent != mbufNum || d.loop.count.txNoMbuf != 1 {
		t.Errorf("%d frames from %d mbufs, refusals counted: %d", sent, mbufNum, d.loop.count.txNoMbuf)
	}
}

func TestFrameIsRefusedWithoutRoom(t *testing.T) {
	d, _, _ := testDevice(t)
	d.loop.mbufs.spare = slices.Repeat([]uint64{mbufsAt}, 2*ringLen)
	sent := 0
	for frame(d, 1, 60) {
		sent++
	}
	if sent != ringLen-1 || d.loop.count.txFull != 1 {
		t.Errorf("%d frames into %d places, refusals counted: %d", sent, ringLen-1, d.loop.count.txFull)
	}
}

func TestMbufsAreReusedThenReturned(t *testing.T) {
	d, _, freed := testDevice(t)
	b := &d.loop.mbufs
	var held []uint64
	for range 8 {
		held = append(held, b.get())
	}
	if slices.Contains(held, 0) {
		t.Fatalf("no mbuf though the alloc ring has some: %x", held)
	}
	b.spare = b.spare[:0]
	for _, addr := range held {
		b.put(addr)
	}
	b.flush()
	back := make([]uint64, ringLen)
	back = back[:freed.Dequeue(back)]
	if len(b.spare) != cap(b.spare) || !slices.Equal(append(slices.Clone(b.spare), back...), held) {
		t.Errorf("kept %x, returned %x of %x", b.spare, back, held)
	}
}

// TestPrimaryIsRungForWhatWasFlushedEarly has the engine send as many frames as are staged at most,
// and fail with the next one: nothing is left for the end of the turn.
func TestPrimaryIsRungForWhatWasFlushedEarly(t *testing.T) {
	d, tx, _ := testDevice(t)
	s := &Secondary{engine: &sender{d: d, n: 5}}
	s.session, s.devices = d.loop.session, []*device{d}
	d.loop = &s.loop
	s.mbufs.spare = []uint64{mbufsAt, mbufsAt + mbufLen, mbufsAt + 2*mbufLen, mbufsAt + 3*mbufLen}
	s.mbufs.alloc.Dequeue(make([]uint64, mbufNum))
	d.rx = s.mbufs.alloc // empty
	s.control = msg.NewResponder(ring.MessageReceiver{Consumer: d.rx}, nil, nil, nil)

	s.header.Sleep = 1 // the primary sleeps
	if worked, _ := s.turn(time.Now()); !worked || s.header.Sleep != 2 || tx.Len() != 4 {
		t.Errorf("%d frames in the tx ring, worked: %v, rung: %v", tx.Len(), worked, s.header.Sleep != 1)
	}
	s.header.Sleep = 1
	if worked, _ := s.turn(time.Now()); worked || s.header.Sleep != 1 {
		t.Error("worked and rung for nothing")
	}
}

// sender is an engine that tries to send n frames at each Poll.
type sender struct {
	engine.Engine
	d *device
	n int
}

func (s *sender) Poll(time.Time) time.Time {
	for range s.n {
		frame(s.d, 1, 60)
	}
	return time.Time{}
}

func TestOnlyTheLeaderAnswers(t *testing.T) {
	arp := func(op byte) []byte { return append(bytes.Repeat([]byte{0}, 12), 8, 6, 0, 1, 8, 0, 6, 4, 0, op) }
	icmpv6 := func(kind byte) []byte {
		f := make([]byte, 78)
		f[12], f[13], f[20], f[54] = 0x86, 0xdd, 58, kind
		return f
	}
	for name, c := range map[string]struct {
		frame  []byte
		answer bool
	}{
		"ARP request":    {arp(1), false},
		"ARP reply":      {arp(2), true},
		"solicitation":   {icmpv6(135), false},
		"advertisement":  {icmpv6(136), true},
		"echo reply":     {icmpv6(129), false},
		"truncated ARP":  {arp(2)[:20], false},
		"truncated IPv6": {icmpv6(136)[:54], false},
		"IPv4":           {append(bytes.Repeat([]byte{0}, 12), 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 2), false},
		"nothing":        {nil, false},
	} {
		if isAnswer(c.frame) != c.answer {
			t.Errorf("%s: taken for an answer: %v", name, !c.answer)
		}
	}
	for leader, want := range map[int32]int{0: 1, 1: 0, shm.NoLeader: 0} {
		d, tx, _ := testDevice(t)
		atomic.StoreInt32(&d.loop.header.Leader, leader)
		copy(d.Frame(42), append(arp(2), make([]byte, 20)...))
		d.Send()
		d.flush()
		if got := tx.Len(); got != uint32(want) || d.loop.count.notLeader != uint64(1-want) {
			t.Errorf("leader %d: %d answers sent by proc 0, %d left out", leader, got, d.loop.count.notLeader)
		}
	}
}

func TestSendAllocatesNothing(t *testing.T) {
	d, tx, _ := testDevice(t)
	out := make([]uint64, ringLen)
	n := testing.AllocsPerRun(100, func() {
		frame(d, 1, 60)
		d.flush()
		for _, addr := range out[:tx.Dequeue(out)] {
			d.loop.mbufs.put(addr)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// TestPortThatIsNotThere takes frames, and no mbufs for them, until it is there again.
func TestPortThatIsNotThere(t *testing.T) {
	d, tx, freed := testDevice(t)
	rings := portRings{tx: d.tx}
	d.disconnect()
	if frame(d, 0, 60) {
		t.Error("a frame is taken while there is no primary")
	}
	d.unplug()
	for range 100 {
		if !frame(d, 0, 1514) {
			t.Fatal("a frame is refused: the stack would try again all the time")
		}
	}
	if d.loop.count.unplugged != 100 || d.loop.mbufs.alloc.Len() != mbufNum || tx.Len() != 0 || freed.Len() != 0 {
		t.Errorf("%d counted, %d mbufs left, %d to send, %d freed", d.loop.count.unplugged, d.loop.mbufs.alloc.Len(), tx.Len(), freed.Len())
	}
	d.connect(rings, 1500)
	if !frame(d, 7, 60) {
		t.Fatal("a frame is refused")
	}
	if d.flush(); tx.Len() != 1 {
		t.Errorf("%d frames to send", tx.Len())
	}
}
