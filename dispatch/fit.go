package dispatch

import "slices"

// Drain has proc, which is live or awaited, get no new flows from now on, until it leaves. Its buckets move to the other listeners
// of its ports as for Unlisten; the flows that it has stay with it. Of a port that no other proc listens on, new flows are dropped under
// ReasonDraining, so that their peers try again, until there is one; that holds even when proc stops listening.
func (t *Table) Drain(proc uint8) {
	if proc == none || !t.known(proc) || t.draining[proc] {
		return
	}
	t.draining[proc] = true
	t.refit()
	for _, e := range slices.Clone(t.owned) {
		if e.has(proc) {
			t.rebalance(e)
		}
	}
}

// Seal ends the time in which a proc that drains may still get new flows, as it does from buckets that wait to move: call it when Moving
// is 0. Where buckets move away from it later on, new flows of theirs are dropped until they have.
func (t *Table) Seal(proc uint8) { t.sealed[proc] = t.draining[proc] }

// Moving returns how many buckets wait to move away from proc.
func (t *Table) Moving(proc uint8) int {
	if proc == none {
		return 0
	}
	return t.pending[proc]
}

// Stall says whether proc, which is live, has stopped serving its rings. While it has, flows that would start in its buckets start with other
// listeners, by hash, and are pinned there; they get its datagrams, too, as each may be the first of a flow. It keeps its buckets and TCP flows.
func (t *Table) Stall(proc uint8, on bool) {
	if !t.isLive(proc) || t.stalled[proc] == on {
		return
	}
	t.stalled[proc] = on
	t.refit()
}

// refit brings up to date who gets what is new, after a change of the live procs or of what they are fit for: those that neither drain nor have
// stalled, or else any that serve their rings, or else all.
func (t *Table) refit() {
	without := func(unfit ...*[MaxProcs + 1]bool) []uint8 {
		return slices.DeleteFunc(slices.Clone(t.live), func(proc uint8) bool {
			return slices.ContainsFunc(unfit, func(set *[MaxProcs + 1]bool) bool { return set[proc] })
		})
	}
	t.fit = without(&t.draining, &t.stalled)
	t.strained = len(t.fit) < len(t.live)
	if len(t.fit) == 0 {
		t.fit = without(&t.stalled)
	}
	if len(t.fit) == 0 {
		t.fit = t.live
	}
	t.elect()
}

// elect keeps the leader as long as it is fit, then takes the fit proc with the lowest id.
func (t *Table) elect() {
	switch {
	case slices.Contains(t.fit, t.leader):
	case len(t.fit) > 0:
		t.leader = t.fit[0]
	default:
		t.leader = none
	}
}

// takers returns the procs that buckets of the port are for: the listeners that do not drain, or else all.
func (t *Table) takers(e *ownedPort) []uint8 {
	takers := slices.DeleteFunc(slices.Clone(e.members), func(proc uint8) bool { return t.draining[proc] })
	if len(takers) == 0 {
		return e.members
	}
	return takers
}

// standIn returns a listener that gets new flows in the place of one that has stalled, or none.
func (t *Table) standIn(e *ownedPort, hash uint32) uint8 {
	able := uint32(0)
	for _, proc := range e.members {
		if t.able(proc) {
			able++
		}
	}
	if able == 0 {
		return none
	}
	skip := hash / NumBuckets % able
	for _, proc := range e.members {
		switch {
		case !t.able(proc):
		case skip == 0:
			return proc
		default:
			skip--
		}
	}
	return none
}

func (t *Table) able(proc uint8) bool {
	return !t.stalled[proc] && !t.draining[proc] && !t.awaited[proc]
}
