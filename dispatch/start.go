package dispatch

// start finds the proc for a flow that starts at a listener. Where the flow's
// bucket is moving, or the proc that would get it has stalled, the flow is pinned.
func (t *Table) start(p *Packet, e *ownedPort, hash uint32) Verdict {
	b := hash % NumBuckets
	owner, next := e.owner[b], e.next[b]
	to := owner
	if owner != next && !e.listens(owner) { // it would refuse the flow
		to = next
	}
	switch {
	case to == none:
		return t.refuse(p)
	case t.stalled[to], t.stalled[owner]:
		if proc := t.divert(p, e, hash); proc != none {
			return deliver(proc)
		}
	}
	switch {
	case t.draining[next], t.sealed[owner]:
		return drop(ReasonDraining)
	case owner == next:
		return deliver(owner)
	}
	return t.startMoving(p, e, int(b), to)
}

// divert pins a flow to a listener in the place of the one that would get it, which
// has stalled. It returns none where nobody is able, or the pin finds no room.
func (t *Table) divert(p *Packet, e *ownedPort, hash uint32) (proc uint8) {
	if proc = t.standIn(e, hash); proc == none {
		return none
	}
	if t.pins.put(&p.Flow, proc, t.stamp) == nil {
		return none
	}
	t.detours++
	return proc
}

// startMoving pins a flow in bucket b, which is moving, to a proc, so that the
// bucket's Commit cannot cut it off.
func (t *Table) startMoving(p *Packet, e *ownedPort, b int, to uint8) Verdict {
	switch {
	case t.pins.put(&p.Flow, to, t.stamp) != nil:
		return t.to(to)
	case t.stays(e, e.owner[b]):
		t.keep(e, b)
		return deliver(e.owner[b])
	}
	return drop(ReasonPinsFull)
}

// stays reports whether proc may keep buckets of the port that were to move.
func (t *Table) stays(e *ownedPort, proc uint8) bool { return e.has(proc) && !t.draining[proc] }
