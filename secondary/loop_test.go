package secondary

import (
	"runtime"
	"testing"
	"time"

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
