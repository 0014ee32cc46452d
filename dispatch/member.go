package dispatch

import "slices"

// Join makes proc live: it gets copies of broadcast frames and its share of
// the traffic that no port owner gets. It does nothing for a live proc and for
// an id out of range.
func (t *Table) Join(proc uint8) {
	at, found := slices.BinarySearch(t.live, proc)
	if found || int(proc) >= t.maxProcs {
		return
	}
	t.admit(proc)
	t.live = slices.Insert(t.live, at, proc)
	t.refit()
}

// Leave takes a live or awaited proc out that is gone. When it returns, no verdict names proc:
// its buckets are with the other members of each port, in equal shares, moves
// away from it are done, its leases are free, and its pins and fragments are
// forgotten. Ports without another member are free.
func (t *Table) Leave(proc uint8) {
	at, found := slices.BinarySearch(t.live, proc)
	switch {
	case found:
		t.live = slices.Delete(t.live, at, at+1)
	case t.awaited[proc]:
		t.admit(proc)
	default:
		return
	}
	t.draining[proc], t.sealed[proc], t.stalled[proc] = false, false, false
	t.refit()
	t.pins.forget(proc)
	t.frags.forget(proc)
	t.leases.free(proc)
	for _, e := range slices.Clone(t.owned) {
		t.disown(e, proc)
	}
}

// Leader returns the live proc that answers ARP and neighbour solicitations: it
// stays the same until it leaves, drains or stalls, then the lowest id that does
// not follows. ok is false when no proc is live.
func (t *Table) Leader() (proc uint8, ok bool) { return t.leader, t.leader != none }

// Live returns the ids of the live procs, ascending. The slice is read-only and
// valid until the next Join or Leave.
func (t *Table) Live() []uint8 { return t.live }

func (t *Table) isLive(proc uint8) bool {
	_, found := slices.BinarySearch(t.live, proc)
	return found
}
