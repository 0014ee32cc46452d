package dispatch

// Pinned returns the number of flows that are pinned to proc.
func (t *Table) Pinned(proc uint8) int {
	if proc == none {
		return 0
	}
	return t.pins.of[proc]
}

func (t *Table) pinned(f *Flow, proc uint8) bool {
	e := t.pins.find(f)
	return e != nil && e.proc == proc
}

// Stamp marks this moment, to be handed to Sweep. Pins and moves made before it
// are told from those made after.
func (t *Table) Stamp() uint64 {
	t.stamp++
	return t.stamp
}

// Sweep is the removal of the pins whose flows have ended, in steps.
type Sweep struct {
	t     *Table
	proc  uint8
	flows []Claim // that were not looked at yet
	stamp uint64
	at    int // position in the exception table, once all flows were looked at
}

// Sweep begins to remove the pins of proc that are not in flows, all TCP flows
// that the proc has. stamp was taken when flows were asked for; pins made since
// then stay. The answer is whole only if the proc has first taken in all packets
// that were dispatched to it before the request. An answer to a Donor does as
// well, with its Stamp.
//
// Sweep about once a second while Pinned is not 0: a client that uses its port
// again meets the old pin, and is refused if that proc no longer listens.
func (t *Table) Sweep(proc uint8, flows []Claim, stamp uint64) *Sweep {
	return &Sweep{t: t, proc: proc, flows: flows, stamp: stamp}
}

// Step goes on with at most n flows or pins and reports whether that was all.
// Between two steps anything may happen to the table.
func (s *Sweep) Step(n int) (done bool) {
	pins := s.t.pins
	if s.t.Pinned(s.proc) == 0 {
		return true
	}
	if len(s.flows) > 0 {
		batch := s.flows[:min(n, len(s.flows))]
		s.flows = s.flows[len(batch):]
		for i := range batch {
			if e := pins.find(&batch[i].Flow); e != nil && e.proc == s.proc {
				e.seen = max(e.seen, s.stamp)
			}
		}
		return false
	}
	s.at = pins.removeIf(s.proc, s.at, n, func(e *pin) bool { return e.stamp < s.stamp && e.seen < s.stamp })
	return s.at >= len(pins.list)
}
