package dispatch

import (
	"math/rand/v2"
	"testing"
)

// TestCoverageModel compares with a list of all units of 8 bytes, duplicates and overlaps included.
func TestCoverageModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 2000 {
		var c coverage
		units := 1 + rng.IntN(60)
		come := make([]bool, units)
		for step := 0; ; step++ {
			from := rng.IntN(units)
			to := from + 1 + rng.IntN(min(units-from, 6))
			p := Packet{fragStart: uint16(8 * from), fragEnd: uint16(8 * to), fragMore: to < units}
			c.add(&p)
			for i := from; i < to; i++ {
				come[i] = true
			}
			all := come[units-1]
			for _, is := range come {
				all = all && is
			}
			if c.complete() != all {
				t.Fatalf("round %d, step %d: complete = %v of %v, as %+v", round, step, c.complete(), come, c.spans[:c.n])
			}
			if all {
				break
			}
		}
	}
}

// TestCoverageOfTooManyPieces never takes a datagram for complete that is not.
func TestCoverageOfTooManyPieces(t *testing.T) {
	var c coverage
	piece := func(unit int, more bool) {
		c.add(&Packet{fragStart: uint16(8 * unit), fragEnd: uint16(8 * (unit + 1)), fragMore: more})
	}
	const pieces = 2*maxSpans + 3
	for i := 0; i < pieces; i += 2 {
		piece(i, true)
	}
	if c.n != maxSpans {
		t.Fatalf("%d spans", c.n)
	}
	piece(pieces, false)
	for i := 1; i < pieces; i += 2 {
		if c.complete() {
			t.Fatalf("complete before piece %d", i)
		}
		piece(i, true)
	}
	for i := range pieces {
		piece(i, true)
	}
	piece(pieces, false)
	if !c.complete() {
		t.Errorf("all has come twice: %+v", c)
	}
}
