package dispatch

import (
	"math/rand/v2"
	"testing"
)

// TestPinsModel compares the table with a map, close to its limit.
func TestPinsModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const limit = 200
	s := newPins(limit)
	model := map[Flow]uint8{}
	for step := range 50000 {
		f := client(rng.IntN(300), 80)
		proc := uint8(rng.IntN(4))
		switch op := rng.IntN(100); {
		case op < 70:
			_, known := model[f]
			if ok := s.put(&f, proc, 0) != nil; ok != (known || len(model) < limit) {
				t.Fatalf("step %d: put = %v with %d pins", step, ok, len(model))
			} else if ok {
				model[f] = proc
			}
		case op == 70:
			s.forget(proc)
			for f, p := range model {
				if p == proc {
					delete(model, f)
				}
			}
		default:
			odd := func(p uint16) bool { return p%7 == uint16(op%7) }
			s.removeIf(proc, 0, s.len(), func(e *pin) bool { return odd(e.flow.RemotePort) })
			for f, p := range model {
				if p == proc && odd(f.RemotePort) {
					delete(model, f)
				}
			}
		}
		comparePins(t, s, model)
	}
}

func comparePins(t *testing.T, s *pins, model map[Flow]uint8) {
	t.Helper()
	var of [4]int
	for f, proc := range model {
		of[proc]++
		if e := s.find(&f); e == nil || e.proc != proc {
			t.Fatalf("%v: %+v, want proc %d", f, e, proc)
		}
	}
	if s.len() != len(model) || [4]int(s.of[:4]) != of {
		t.Fatalf("n %d, of %v; want %d, %v", s.len(), s.of[:4], len(model), of)
	}
}
