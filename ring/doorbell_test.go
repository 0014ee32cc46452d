package ring_test

import (
	"sync/atomic"
	"testing"
	"time"

	"ringstack/ring"
)

func newDoorbell() (*ring.Sleeper, *uint32) {
	seq := new(uint32)
	return ring.NewSleeper(seq), seq
}

// TestNoWakeUpIsLost lets a producer publish and ring at every phase of the consumer's falling
// asleep. A lost wake-up is a sleep that only its time limit ends.
func TestNoWakeUpIsLost(t *testing.T) {
	const rounds, limit = 200_000, 5 * time.Second
	sleeper, seq := newDoorbell()
	p, c := ends(t, newMemory(t, 16))
	var asked atomic.Uint64 // the consumer wants object number asked
	go func() {
		for i := uint64(1); i <= rounds; i++ {
			for asked.Load() < i {
			}
			for spin := i % 64; spin > 0; spin-- { // move through the phases
				asked.Load()
			}
			for p.Enqueue([]uint64{i}) == 0 {
			}
			ring.Ring(seq)
		}
	}()
	slept := 0
	var obj [1]uint64
	for i := uint64(1); i <= rounds; i++ {
		asked.Store(i)
		for c.Dequeue(obj[:]) == 0 {
			sleeper.Prepare()
			if c.Len() > 0 {
				sleeper.Cancel()
				continue
			}
			start := time.Now()
			if sleeper.Sleep(limit); time.Since(start) >= limit {
				t.Fatalf("round %d: the wake-up was lost", i)
			}
			slept++
		}
		if obj[0] != i {
			t.Fatalf("round %d: received %d", i, obj[0])
		}
	}
	if slept == 0 {
		t.Fatal("the consumer never slept: nothing was tested")
	}
	t.Logf("%d sleeps in %d rounds", slept, rounds)
}

func TestBellRingsOnceASleep(t *testing.T) {
	sleeper, seq := newDoorbell()
	ring.Ring(seq)
	if sleeper.Prepare(); sleeper.Sleep(0) {
		t.Fatal("a ring before the sleep was not for it")
	}
	sleeper.Prepare()
	ring.Ring(seq)
	ring.Ring(seq)
	if !sleeper.Sleep(-1) {
		t.Fatal("the ring did not end the sleep")
	}
	if sleeper.Prepare(); sleeper.Sleep(0) {
		t.Fatal("a sleep was rung twice")
	}
	if atomic.LoadUint32(seq)&1 != 0 {
		t.Fatal("awake, but the sequence is odd")
	}
}

func TestWakeFromOwnProcess(t *testing.T) {
	sleeper, _ := newDoorbell()
	sleeper.Prepare()
	go sleeper.Wake()
	if !sleeper.Sleep(10 * time.Second) {
		t.Fatal("Wake did not end the sleep")
	}
}

// TestRuinedSequenceIsMended lets an enemy overwrite the sequence before each sleep.
func TestRuinedSequenceIsMended(t *testing.T) {
	sleeper, seq := newDoorbell()
	for i := range uint32(4) {
		atomic.StoreUint32(seq, 77+i)
		sleeper.Prepare()
		ring.Ring(seq)
		if !sleeper.Sleep(10 * time.Second) {
			t.Fatal("the ring did not end the sleep")
		}
		if atomic.LoadUint32(seq)&1 != 0 {
			t.Fatal("awake, but the sequence is odd")
		}
	}
}

// TestRingBeforeTheSleep rings between the announcement and the sleep.
func TestRingBeforeTheSleep(t *testing.T) {
	for name, sleep := range map[string]func(*ring.Sleeper) bool{
		"Sleep": func(s *ring.Sleeper) bool { return s.Sleep(10 * time.Second) },
		"Nap":   func(s *ring.Sleeper) bool { return s.Nap(10 * time.Second) },
	} {
		sleeper, seq := newDoorbell()
		sleeper.Prepare()
		ring.Ring(seq)
		if start := time.Now(); !sleep(sleeper) || time.Since(start) > 5*time.Second {
			t.Errorf("%s: slept on", name)
		}
	}
}

func TestWakeAfterClose(t *testing.T) {
	sleeper, seq := newDoorbell()
	sleeper.Prepare()
	sleeper.Close()
	before := atomic.LoadUint32(seq)
	if sleeper.Wake(); atomic.LoadUint32(seq) != before {
		t.Error("Wake touched the word after Close")
	}
}

func TestSleepEndsByItself(t *testing.T) {
	sleeper, _ := newDoorbell()
	start := time.Now()
	sleeper.Prepare()
	if sleeper.Sleep(5*time.Millisecond) || time.Since(start) < 5*time.Millisecond {
		t.Fatal("slept too short")
	}
}

// TestNapEndsByItself naps until a nap was not cut short by one of the runtime's signals.
func TestNapEndsByItself(t *testing.T) {
	sleeper, _ := newDoorbell()
	for range 50 {
		start := time.Now()
		sleeper.Prepare()
		if sleeper.Nap(5 * time.Millisecond) {
			t.Fatal("nobody rang")
		}
		if time.Since(start) >= 5*time.Millisecond {
			return
		}
	}
	t.Fatal("napped too short, 50 times")
}
