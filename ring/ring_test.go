package ring_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"unsafe"

	"ringstack/ring"
	"ringstack/shm"
)

const base = 0x7000_0000 // where the fake primary has the memory

// newMemory makes memory with an empty ring of size slots at its start.
func newMemory(t testing.TB, size uint32) *shm.Memory {
	t.Helper()
	words := make([]uint64, 1024+size) // room, and aligned
	mem := shm.NewMemory(unsafe.Pointer(&words[0]), base, uint64(len(words)*8))
	r := mem.Ring(base)
	r.Size, r.Mask, r.Capacity = size, size-1, size-1
	return mem
}

func ends(t testing.TB, mem *shm.Memory) (*ring.Producer, *ring.Consumer) {
	t.Helper()
	p, err := ring.NewProducer(mem, base)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ring.NewConsumer(mem, base)
	if err != nil {
		t.Fatal(err)
	}
	return p, c
}

func TestRingKeepsOrderThroughWrapAround(t *testing.T) {
	mem := newMemory(t, 16)
	for _, start := range []uint32{0, 5, 1<<32 - 7} { // the last: the 32-bit index itself wraps
		r := mem.Ring(base)
		r.ProdHead, r.ProdTail, r.ConsHead, r.ConsTail = start, start, start, start
		p, c := ends(t, mem)
		random := rand.New(rand.NewPCG(1, uint64(start)))
		var sent, received uint64
		var objs [20]uint64
		for range 10_000 {
			n := random.IntN(len(objs))
			for i := range n {
				objs[i] = sent + uint64(i)
			}
			want := min(n, int(15-(sent-received)))
			if got := p.Enqueue(objs[:n]); got != want {
				t.Fatalf("enqueued %d of %d with %d in the ring, want %d", got, n, sent-received, want)
			}
			sent += uint64(want)
			n = c.Dequeue(objs[:random.IntN(len(objs))])
			for _, obj := range objs[:n] {
				if obj != received {
					t.Fatalf("received %d, want %d", obj, received)
				}
				received++
			}
		}
		if received == 0 || p.Broken() || c.Broken() {
			t.Fatal("the ring broke or carried nothing")
		}
	}
}

func TestImpossiblePositionsBreakTheRing(t *testing.T) {
	for _, lie := range []uint32{16, 17, 1000, 1 << 31} {
		mem := newMemory(t, 16)
		p, c := ends(t, mem)
		mem.Ring(base).ConsTail = lie
		if n := p.Enqueue(make([]uint64, 20)); n > 15 {
			t.Errorf("consumer at %d: %d objects went into 15 places", lie, n)
		}
		if !p.Broken() || p.Enqueue([]uint64{1}) != 0 {
			t.Errorf("consumer at %d: producer goes on", lie)
		}
		mem.Ring(base).ProdTail = lie
		if c.Dequeue(make([]uint64, 20)) != 0 || !c.Broken() || c.Len() != 0 {
			t.Errorf("producer at %d: consumer goes on", lie)
		}
	}
}

func TestOpenRefusesWhatIsNoRing(t *testing.T) {
	for name, spoil := range map[string]func(*shm.Ring){
		"no size":           func(r *shm.Ring) { r.Size = 0 },
		"odd size":          func(r *shm.Ring) { r.Size = 12 },
		"wrong mask":        func(r *shm.Ring) { r.Mask = 7 },
		"too much capacity": func(r *shm.Ring) { r.Capacity = 16 },
		"no capacity":       func(r *shm.Ring) { r.Capacity = 0 },
		"beyond the memory": func(r *shm.Ring) { r.Size, r.Mask, r.Capacity = 1<<20, 1<<20-1, 1<<20-1 },
	} {
		mem := newMemory(t, 16)
		spoil(mem.Ring(base))
		if _, err := ring.NewProducer(mem, base); !errors.Is(err, ring.ErrNotRing) {
			t.Errorf("%s: producer: %v", name, err)
		}
		if _, err := ring.NewConsumer(mem, base); !errors.Is(err, ring.ErrNotRing) {
			t.Errorf("%s: consumer: %v", name, err)
		}
	}
	mem := newMemory(t, 16)
	for _, addr := range []uint64{0, base - 64, base + 8, base + 1<<20, 1<<64 - 64} {
		if _, err := ring.NewProducer(mem, addr); !errors.Is(err, ring.ErrNotRing) {
			t.Errorf("address %#x: %v", addr, err)
		}
	}
}

// An impossible claim may be there before the end is opened.
func TestProducerOfABrokenRing(t *testing.T) {
	mem := newMemory(t, 16)
	mem.Ring(base).ConsTail = 7 // ahead of the producer
	p, _ := ends(t, mem)
	if n := p.Enqueue(make([]uint64, 3)); n != 0 || !p.Broken() {
		t.Errorf("%d objects fit, broken %v", n, p.Broken())
	}
}

func TestResetEmptiesTheRing(t *testing.T) {
	mem := newMemory(t, 16)
	p, _ := ends(t, mem)
	p.Enqueue([]uint64{1, 2, 3})
	r := mem.Ring(base)
	r.Size, r.Mask, r.Capacity = 1<<31, 1<<31-1, 1<<31-1 // the last secondary was an enemy
	ring.Reset(mem, base, 16)
	p, c := ends(t, mem)
	if n := c.Len(); n != 0 {
		t.Fatalf("%d objects after the reset", n)
	}
	if n := p.Enqueue(make([]uint64, 20)); n != 15 {
		t.Fatalf("%d objects fit, want 15", n)
	}
}

func TestBurstsAllocateNothing(t *testing.T) {
	p, c := ends(t, newMemory(t, 64))
	var objs [32]uint64
	if n := testing.AllocsPerRun(100, func() { p.Enqueue(objs[:]); c.Dequeue(objs[:]) }); n != 0 {
		t.Errorf("%v allocations a burst", n)
	}
}

func BenchmarkEnqueueDequeue32(b *testing.B) {
	p, c := ends(b, newMemory(b, 1024))
	var objs [32]uint64
	for b.Loop() {
		p.Enqueue(objs[:])
		c.Dequeue(objs[:])
	}
}

func FuzzHostilePeer(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, lies []byte) {
		mem := newMemory(t, 16)
		p, c := ends(t, mem)
		var objs [20]uint64
		for ; len(lies) >= 4; lies = lies[4:] {
			lie := binary.LittleEndian.Uint32(lies)
			mem.Ring(base).ConsTail, mem.Ring(base).ProdTail = lie, lie
			if n := p.Enqueue(objs[:]); n > 15 {
				t.Fatalf("%d objects in 15 places", n)
			}
			mem.Ring(base).ProdTail = lie
			if n := c.Dequeue(objs[:]); n > 15 {
				t.Fatalf("%d objects from 15 places", n)
			}
		}
	})
}
