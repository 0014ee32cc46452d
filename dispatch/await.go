package dispatch

// Await keeps a place for proc, which was live before the primary started anew and is to come back. It may listen and have
// leases and pins, but what is for it is dropped under ReasonHeldOff until it is back (Join), or given up (Leave). It does
// nothing for a proc that is live.
func (t *Table) Await(proc uint8) {
	if proc == none || t.known(proc) {
		return
	}
	t.awaited[proc] = true
	t.awaiting++
	t.weigh()
}

// admit ends the wait for proc.
func (t *Table) admit(proc uint8) {
	if t.awaited[proc] {
		t.awaited[proc] = false
		t.awaiting--
		t.weigh()
	}
}

// Awaiting returns how many procs have not come back yet.
func (t *Table) Awaiting() int { return t.awaiting }

// known reports whether proc is live or awaited.
func (t *Table) known(proc uint8) bool { return t.awaited[proc] || t.isLive(proc) }

// Doubt says whether there may be flows that the buckets do not lead to, since the table was begun anew or by another hash. While it
// is on, what is in the middle of a TCP flow is held off unless the flow is pinned, as new ones are (see Adopt for the others), or
// its port leased.
func (t *Table) Doubt(on bool) {
	t.doubt = on
	t.weigh()
}

// Doubtful returns what Doubt has said last.
func (t *Table) Doubtful() bool { return t.doubt }

// EndGrace ends all holding off for good: neither those that are awaited still nor those that come back later hold up the others.
func (t *Table) EndGrace() {
	t.doubt, t.graceOver = false, true
	t.weigh()
}

func (t *Table) weigh() {
	t.unsure = !t.graceOver && (t.doubt || t.awaiting > 0)
	if t.unsure {
		return
	}
	for _, e := range t.owned {
		e.vague = [NumBuckets]bool{}
	}
}

// doubtful reports whether f, which is neither pinned nor of a leased port, may be a flow of a proc that has yet to come and say so. Any other
// stack would answer it with RST.
func (t *Table) doubtful(e *ownedPort, f *Flow) bool {
	return t.doubt || t.unsure && e.vague[t.hash.Sum(f, true)%NumBuckets]
}

// Adopt makes the TCP flows that proc, of group, says it has reach it. Those that its buckets and leases do not lead to it for sure
// are pinned. Passed over are flows of ports that others own, and flows that are pinned to another proc which is live. It returns
// how many flows found no room in the exception table.
//
// What somebody has open counts for more than what another has half-open; and until all are back, segments of half-open ones are held off.
func (t *Table) Adopt(proc uint8, group int, flows []Claim) (lost int) {
	for i := range flows {
		f := &flows[i]
		if !t.known(proc) || f.Proto != ProtoTCP || !t.adoptable(f, proc, group) {
			continue
		}
		if pin := t.pins.put(&f.Flow, proc, t.stamp); pin != nil {
			pin.halfOpen = f.HalfOpen
		} else {
			lost++
		}
	}
	return lost
}

// adoptable reports whether f has to be pinned to reach proc, and may be.
func (t *Table) adoptable(f *Claim, proc uint8, group int) bool {
	e := t.ports[protoIndex(ProtoTCP)][f.LocalPort]
	if e != nil && len(e.members) > 0 && e.group != group {
		return false
	}
	if pin := t.pins.find(&f.Flow); pin != nil {
		return !f.HalfOpen && (pin.halfOpen || pin.proc != proc && t.awaited[pin.proc])
	}
	if t.leases.holder(f.LocalPort) != none {
		return false
	}
	return e == nil || t.doubtful(e, &f.Flow) || e.owner[t.hash.Sum(&f.Flow, true)%NumBuckets] != proc
}
