package testenv

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestImpairment(t *testing.T) {
	cfg := Impairment{Loss: 0.02, Reorder: 0.05, Duplicate: 0.01, Delay: time.Millisecond}
	now := time.Now()
	first, again := rand.New(rand.NewPCG(7, 0)), rand.New(rand.NewPCG(7, 0))
	const n = 100_000
	var lost, late, twice int
	for range n {
		f := cfg.draw(first, now)
		if f != cfg.draw(again, now) {
			t.Fatal("the same seed, and another fate")
		}
		switch f.copies {
		case 0:
			lost++
		case 2:
			twice++
		}
		if d := f.due[0].Sub(now); d > cfg.Delay {
			late++
		} else if d < cfg.Delay {
			t.Fatalf("a delay of %v", d)
		}
	}
	for _, c := range []struct {
		what string
		n    int
		part float64
	}{{"lost", lost, cfg.Loss}, {"late", late, cfg.Reorder}, {"doubled", twice, cfg.Duplicate * (1 - cfg.Loss)}} {
		if got := float64(c.n) / n; got < 0.9*c.part || got > 1.1*c.part {
			t.Errorf("%.4f of the frames are %s, want %.4f", got, c.what, c.part)
		}
	}
}
