package wheel

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestExpiryAgainstModel(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w := New(time.Millisecond)
		model := map[uint32]time.Duration{}
		now := time.Duration(0)
		for range 3000 {
			id := uint32(rng.IntN(60) + 1)
			switch rng.IntN(4) {
			case 0:
				w.Cancel(id)
				delete(model, id)
			case 1, 2:
				at := now + time.Duration(rng.Int64N(int64(time.Millisecond)<<rng.IntN(24)))
				w.Set(id, at)
				model[id] = at
			default:
				now += time.Duration(rng.Int64N(int64(time.Millisecond) << rng.IntN(18)))
				drain(t, w, model, now)
			}
			if w.Len() != len(model) {
				t.Fatalf("seed %d: %d armed, want %d", seed, w.Len(), len(model))
			}
		}
	}
}

func drain(t *testing.T, w *Wheel, model map[uint32]time.Duration, now time.Duration) {
	t.Helper()
	if next, ok := w.Next(); ok {
		for id, at := range model {
			if at+2*time.Millisecond < next {
				t.Fatalf("Next says %v, timer %d is due at %v", next, id, at)
			}
		}
	}
	for id, ok := w.Expire(now); ok; id, ok = w.Expire(now) {
		at, armed := model[id]
		if !armed || at > now {
			t.Fatalf("timer %d fired at %v, armed %v for %v", id, now, armed, at)
		}
		delete(model, id)
	}
	for id, at := range model {
		if at+2*time.Millisecond < now {
			t.Fatalf("timer %d for %v still waits at %v", id, at, now)
		}
	}
}

func TestPastTimeFiresNextTick(t *testing.T) {
	w := New(time.Millisecond)
	w.Expire(10 * time.Millisecond)
	w.Set(1, 0)
	if _, ok := w.Expire(10 * time.Millisecond); ok {
		t.Fatal("fired within the tick in which it was set: a handler that sets it again would never end")
	}
	if id, ok := w.Expire(11 * time.Millisecond); !ok || id != 1 {
		t.Fatal("did not fire at the next tick")
	}
}

func TestFarTimer(t *testing.T) {
	w := New(time.Millisecond)
	at := 200 * 365 * 24 * time.Hour
	w.Set(7, at)
	if id, ok := w.Expire(at - time.Second); ok {
		t.Fatalf("timer %d fired early", id)
	}
	if id, ok := w.Expire(at); !ok || id != 7 {
		t.Fatal("did not fire")
	}
}

func TestNoAllocation(t *testing.T) {
	w := New(time.Millisecond)
	now := time.Duration(0)
	w.Set(64, 1)
	n := testing.AllocsPerRun(100, func() {
		for id := uint32(1); id <= 64; id++ {
			w.Set(id, now+time.Duration(id)*time.Second)
		}
		now += 5 * time.Second
		for _, ok := w.Expire(now); ok; _, ok = w.Expire(now) {
		}
	})
	if n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkSet(b *testing.B) {
	w := New(time.Millisecond)
	for i := 0; i < b.N; i++ {
		w.Set(uint32(i&1023)+1, time.Duration(i)*time.Microsecond)
	}
}
