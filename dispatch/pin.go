package dispatch

import "hash/maphash"

// pin says that a flow goes to a proc, whoever has its bucket.
type pin struct {
	flow  Flow
	proc  uint8
	state uint8
	stamp uint64 // when it was made

	detour bool // it leads away from a proc that had stalled
}

// States of a slot. A marked pin is one that a Sweep has found in use.
const (
	pinEmpty = iota
	pinUsed
	pinMarked
)

// pins is the exception table: open addressing, linear probing, at most half
// full. The hash is secret, so that no peer can fill one stretch of it.
type pins struct {
	seed  maphash.Seed
	slots []pin // a power of two of them
	n     int
	max   int
	of    [MaxProcs]int // pins of each proc
}

func newPins(limit int) *pins {
	size := 2
	for size < 2*limit {
		size *= 2
	}
	return &pins{seed: maphash.MakeSeed(), slots: make([]pin, size), max: limit}
}

func (s *pins) home(f *Flow) int {
	return int(maphash.Comparable(s.seed, *f)) & (len(s.slots) - 1)
}

// slot returns where f is or, if it is not pinned, the empty slot for it.
func (s *pins) slot(f *Flow) *pin {
	for i := s.home(f); ; i = (i + 1) & (len(s.slots) - 1) {
		if e := &s.slots[i]; e.state == pinEmpty || e.flow == *f {
			return e
		}
	}
}

// find returns the pin of f or nil.
func (s *pins) find(f *Flow) *pin {
	if e := s.slot(f); e.state != pinEmpty {
		return e
	}
	return nil
}

func (s *pins) room() int { return s.max - s.n }

// put pins f to proc, also if it was pinned to another one. It returns false
// when the table is full.
func (s *pins) put(f *Flow, proc uint8, stamp uint64) bool {
	e := s.slot(f)
	if e.state != pinEmpty {
		s.of[e.proc]--
	} else if s.room() > 0 {
		s.n++
	} else {
		return false
	}
	s.of[proc]++
	*e = pin{flow: *f, proc: proc, state: pinUsed, stamp: stamp}
	return true
}

// remove empties slot i and moves those up that probed past it.
func (s *pins) remove(i int) {
	mask := len(s.slots) - 1
	s.of[s.slots[i].proc]--
	s.n--
	for j := (i + 1) & mask; s.slots[j].state != pinEmpty; j = (j + 1) & mask {
		if (j-s.home(&s.slots[j].flow))&mask >= (j-i)&mask {
			s.slots[i] = s.slots[j]
			i = j
		}
	}
	s.slots[i] = pin{}
}

// removeIf removes the pins of proc for which drop is true. drop sees a pin
// once or more.
func (s *pins) removeIf(proc uint8, drop func(*pin) bool) {
	for i := 0; i < len(s.slots) && s.of[proc] > 0; {
		e := &s.slots[i]
		if e.state != pinEmpty && e.proc == proc && drop(e) {
			s.remove(i)
			continue
		}
		i++
	}
}

// forget removes the pins of proc.
func (s *pins) forget(proc uint8) {
	s.removeIf(proc, func(*pin) bool { return true })
}
