package buf

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func contents(p *Pool, q *Queue) []byte {
	var out []byte
	var cur Cursor
	for pos := q.pos; ; {
		b := p.Slice(q, &cur, pos, q.Len())
		if b == nil {
			return out
		}
		out = append(out, b...)
		pos += uint32(len(b))
	}
}

func TestQueueAgainstModel(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 2))
		p := NewPool(64 * ChunkSize)
		var q Queue
		q.SetPos(^uint32(0) - 5000)
		var model []byte
		var cur Cursor
		for range 400 {
			switch rng.IntN(4) {
			case 0:
				n := rng.IntN(len(model) + 1)
				p.Consume(&q, n)
				model = model[n:]
			case 1:
				if len(model) == 0 {
					continue
				}
				off := rng.IntN(len(model))
				b := p.Slice(&q, &cur, q.Pos()+uint32(off), 1500)
				if len(b) == 0 || !bytes.Equal(b, model[off:off+len(b)]) {
					t.Fatalf("seed %d: slice at %d differs", seed, off)
				}
			case 2:
				var other Queue
				add := randomBytes(rng, rng.IntN(5000))
				n := p.Append(&other, add)
				p.Splice(&q, &other)
				cur = Cursor{}
				model = append(model, add[:n]...)
			default:
				add := randomBytes(rng, rng.IntN(5000))
				n := p.Append(&q, add)
				model = append(model, add[:n]...)
			}
			if q.Len() != len(model) || !bytes.Equal(contents(p, &q), model) {
				t.Fatalf("seed %d: contents differ", seed)
			}
			if q.Len() == 0 && p.Used() != 0 {
				t.Fatalf("seed %d: an empty queue holds %d chunks", seed, p.Used())
			}
		}
		p.Reset(&q)
		if p.Used() != 0 || p.Free() != 64 {
			t.Fatalf("seed %d: %d chunks lost", seed, p.Used())
		}
	}
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func TestLimit(t *testing.T) {
	p := NewPool(3 * ChunkSize)
	var q Queue
	if n := p.Append(&q, make([]byte, 10*ChunkSize)); n != 3*ChunkSize {
		t.Fatalf("took %d bytes", n)
	}
	if p.Room(&q) != nil || p.Free() != 0 {
		t.Fatal("the pool went past its limit")
	}
	p.Consume(&q, ChunkSize)
	if n := p.Append(&q, []byte{1}); n != 1 {
		t.Fatal("a freed chunk was not used again")
	}
}

func TestNoAllocation(t *testing.T) {
	p := NewPool(1 << 20)
	var q Queue
	b := make([]byte, 3000)
	p.Append(&q, b)
	if n := testing.AllocsPerRun(100, func() {
		p.Append(&q, b)
		p.Consume(&q, q.Len())
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
