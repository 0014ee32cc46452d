package secondary

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/secondary/engine"
)

// tirelessEngine always has more to do.
type tirelessEngine struct {
	engine.Engine
	s     *Secondary
	turns int // left
}

// Poll implements engine.Engine.
func (e *tirelessEngine) Poll(now time.Time) time.Time {
	for time.Since(now) < yieldEvery/20 {
	}
	if e.turns--; e.turns == 0 {
		e.s.stop.Store(true)
	}
	e.s.woken.Store(true)
	return time.Time{}
}

// A loop that is never idle leaves time to the program's other goroutines, also where there is one CPU for all.
func TestBusyLoopYields(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const turns = 1000
	s := newSecondary(Config{})
	s.engine = &tirelessEngine{s: s, turns: turns}
	s.session = &session{}
	s.attach.Lcore = -1
	s.calls <- func() { s.session = nil } // which ends at once
	go s.run()
	n := 0
	for ; !s.stop.Load(); n++ {
		runtime.Gosched()
	}
	<-s.ended
	if n < turns/40 {
		t.Errorf("another goroutine ran %d times in %d turns", n, turns)
	}
}

// TestPin has the loop on one CPU, then on all again.
func TestPin(t *testing.T) {
	runtime.LockOSThread() // this goroutine is the loop; in vain if pin undoes that too often
	defer runtime.UnlockOSThread()
	cpus := func() (set unix.CPUSet) {
		if err := unix.SchedGetaffinity(0, &set); err != nil {
			t.Fatal(err)
		}
		return set
	}
	before := cpus()
	one := 0
	for !before.IsSet(one) {
		one++
	}
	s := newSecondary(Config{})
	s.pin(-1)
	if cpus() != before {
		t.Error("moved without need")
	}
	s.pin(one)
	if now := cpus(); now.Count() != 1 || !now.IsSet(one) {
		t.Errorf("may run on %d CPUs", now.Count())
	}
	s.pin(-1)
	if cpus() != before {
		t.Error("still on one CPU")
	}
}
