package ring_test

import (
	"sync/atomic"
	"testing"
	"time"

	"ringstack/ring"
)

// TestBellMoves has one waker from the sleeper's own process ring through many moves, and none of its wake-ups be lost.
func TestBellMoves(t *testing.T) {
	const rounds = 20_000
	words := [2]uint32{}
	sleeper := ring.NewSleeper(&words[0])
	var published, taken atomic.Uint64
	go func() {
		for i := uint64(1); i <= rounds; i++ {
			published.Store(i)
			sleeper.Wake()
			for taken.Load() < i {
			}
		}
	}()
	for i := uint64(1); i <= rounds; i++ {
		sleeper.Move(&words[i%2])
		for published.Load() < i {
			sleeper.Prepare()
			if published.Load() >= i {
				sleeper.Cancel()
				break
			}
			if start := time.Now(); !sleeper.Sleep(5*time.Second) && time.Since(start) >= 5*time.Second {
				t.Fatalf("round %d: the wake-up was lost", i)
			}
		}
		taken.Store(i)
	}
}

func TestOldWordIsLeftAlone(t *testing.T) {
	words := [2]uint32{}
	sleeper := ring.NewSleeper(&words[0])
	sleeper.Move(&words[1])
	before := atomic.LoadUint32(&words[0])
	sleeper.Prepare()
	sleeper.Wake()
	if !sleeper.Sleep(time.Second) {
		t.Error("the new word does not wake")
	}
	if atomic.LoadUint32(&words[0]) != before {
		t.Error("the old word was touched")
	}
	sleeper.Move(&words[0])
	ring.Ring(&words[1])
	if sleeper.Prepare(); sleeper.Sleep(0) {
		t.Error("the old word wakes")
	}
}
