package dispatch

import "hash/maphash"

// pin says that a flow goes to a proc, whoever has its bucket.
type pin struct {
	flow     Flow
	proc     uint8
	halfOpen bool   // see Table.Adopt
	hash     uint32 // of flow
	stamp    uint64 // when it was made
	seen     uint64 // stamp of the last Sweep that has found it in use
}

// pins is the exception table: pins in no order, and a hash index with linear
// probing that is at most half full. The hash is secret, so that no peer can
// fill one stretch of it.
type pins struct {
	seed  maphash.Seed
	list  []pin
	index []place // a power of two of them
	max   int
	of    [MaxProcs]int // pins of each proc
}

// place is a slot of the index. The zero value is an empty one.
type place struct {
	hash uint32
	at   uint32 // position in list, counted from 1
}

func newPins(limit int) *pins {
	size := 2
	for size < 2*limit {
		size *= 2
	}
	return &pins{seed: maphash.MakeSeed(), index: make([]place, size), max: limit}
}

func (s *pins) hash(f *Flow) uint32 { return uint32(maphash.Comparable(s.seed, *f)) }

// home is the slot for a hash if no other pin is in the way.
func (s *pins) home(hash uint32) int { return int(hash) & (len(s.index) - 1) }

func (s *pins) next(slot int) int { return (slot + 1) & (len(s.index) - 1) }

// slot returns the slot of f or, if it is not pinned, the empty one for it.
func (s *pins) slot(f *Flow, hash uint32) int {
	for i := s.home(hash); ; i = s.next(i) {
		if p := s.index[i]; p.at == 0 || p.hash == hash && s.list[p.at-1].flow == *f {
			return i
		}
	}
}

// find returns the pin of f or nil. It is valid until the next put or remove.
func (s *pins) find(f *Flow) *pin {
	if at := s.index[s.slot(f, s.hash(f))].at; at != 0 {
		return &s.list[at-1]
	}
	return nil
}

func (s *pins) len() int { return len(s.list) }

func (s *pins) room() int { return s.max - len(s.list) }

// put pins f to proc, also if it was pinned to another one. It returns nil when
// the table is full.
func (s *pins) put(f *Flow, proc uint8, stamp uint64) *pin {
	hash := s.hash(f)
	slot := &s.index[s.slot(f, hash)]
	switch {
	case slot.at != 0:
		s.of[s.list[slot.at-1].proc]--
	case s.room() == 0:
		return nil
	default:
		s.list = append(s.list, pin{})
		*slot = place{hash, uint32(len(s.list))}
	}
	s.of[proc]++
	e := &s.list[slot.at-1]
	*e = pin{flow: *f, proc: proc, hash: hash, stamp: stamp}
	return e
}

// remove takes out the pin at position at. The last one takes its place.
func (s *pins) remove(at int) {
	s.vacate(s.slot(&s.list[at].flow, s.list[at].hash))
	s.of[s.list[at].proc]--
	last := len(s.list) - 1
	if at != last {
		s.index[s.slot(&s.list[last].flow, s.list[last].hash)].at = uint32(at + 1)
		s.list[at] = s.list[last]
	}
	s.list = s.list[:last]
}

// vacate empties a slot and moves those up that probed past it.
func (s *pins) vacate(slot int) {
	mask := len(s.index) - 1
	for i := s.next(slot); s.index[i].at != 0; i = s.next(i) {
		if (i-s.home(s.index[i].hash))&mask >= (i-slot)&mask {
			s.index[slot] = s.index[i]
			slot = i
		}
	}
	s.index[slot] = place{}
}

// removeIf removes, of the n pins from position at on, those of proc for which
// drop is true. It returns where to go on, len(list) or more when it has seen all.
func (s *pins) removeIf(proc uint8, at, n int, drop func(*pin) bool) int {
	for ; n > 0 && at < len(s.list); n-- {
		if e := &s.list[at]; e.proc == proc && drop(e) {
			s.remove(at)
		} else {
			at++
		}
	}
	return at
}

// forget removes the pins of proc.
func (s *pins) forget(proc uint8) {
	if s.of[proc] > 0 {
		s.removeIf(proc, 0, len(s.list), func(*pin) bool { return true })
	}
}
