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

// Sweep removes the pins of proc whose flows have ended: those that are not in
// flows, all TCP flows that the proc has. stamp was taken when flows were asked
// for; pins made since then stay. The answer is whole only if the proc has
// first taken in all packets that were dispatched to it before the request. An
// answer to a Donor does as well, with its Stamp.
//
// Sweep about once a second while Pinned is not 0: a client that uses its port
// again meets the old pin, and is refused if that proc no longer listens.
func (t *Table) Sweep(proc uint8, flows []Flow, stamp uint64) {
	if t.Pinned(proc) == 0 {
		return
	}
	for i := range flows {
		if e := t.pins.find(&flows[i]); e != nil && e.proc == proc {
			e.state = pinMarked
		}
	}
	t.pins.removeIf(proc, func(e *pin) bool {
		return e.state == pinUsed && e.stamp < stamp
	})
	for i := range flows {
		if e := t.pins.find(&flows[i]); e != nil {
			e.state = pinUsed
		}
	}
}
