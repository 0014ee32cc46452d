package ring

import (
	"testing"
	"time"
)

// TestYielder tells it how long yields took, at what times in milliseconds.
func TestYielder(t *testing.T) {
	type yield struct {
		at   float64
		took time.Duration
	}
	for name, c := range map[string]struct {
		yields []yield
		until  float64 // when there are yields again
	}{
		"none is slow":        {[]yield{{0, time.Millisecond}, {1, 1900 * time.Microsecond}, {3, 0}}, 0},
		"one is slow":         {[]yield{{0, time.Millisecond}, {1, 4 * time.Millisecond}, {5, time.Millisecond}}, 0},
		"two are, far apart":  {[]yield{{0, 4 * time.Millisecond}, {261, 4 * time.Millisecond}}, 0},
		"two are":             {[]yield{{0, 4 * time.Millisecond}, {259, 4 * time.Millisecond}}, 263 + 256*4},
		"a third much later":  {[]yield{{0, 4 * time.Millisecond}, {4, 4 * time.Millisecond}, {1032, 2 * time.Millisecond}}, 8 + 256*4},
		"two take very long":  {[]yield{{0, time.Second}, {1000, time.Second}}, 2000 + 10_000},
		"two of three are":    {[]yield{{0, 3 * time.Millisecond}, {3, time.Millisecond}, {4, 2 * time.Millisecond}}, 6 + 256*2},
		"just slow and again": {[]yield{{0, slowYield}, {2, slowYield}}, 4 + 256*2},
	} {
		var y Yielder
		start := time.Now()
		after := func(ms float64) time.Time { return start.Add(time.Duration(ms * float64(time.Millisecond))) }
		for _, yield := range c.yields {
			y.judge(after(yield.at), after(yield.at).Add(yield.took))
		}
		want := time.Time{}
		if c.until > 0 {
			want = after(c.until)
		}
		if !y.until.Equal(want) {
			t.Errorf("%s: until %v after the start, want %v ms", name, y.until.Sub(start), c.until)
		}
	}
}

func TestYielderRests(t *testing.T) {
	y := Yielder{until: time.Now().Add(time.Hour)}
	if y.Yield() {
		t.Error("yields though it rests")
	}
	if y.until = time.Now(); !y.Yield() {
		t.Error("does not yield though the rest is over")
	}
}
