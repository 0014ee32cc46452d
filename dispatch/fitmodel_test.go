package dispatch

// The model's procs drain and stall.

func (m *model) drain(proc uint8) {
	if !m.live[proc] {
		return
	}
	m.table.Drain(proc)
	m.drains[proc] = true
}

// seal is done by the primary when the moves away from a proc that drains are over. Then the proc may stop to listen.
func (m *model) seal(proc uint8) {
	if m.live[proc] && m.drains[proc] && m.table.Moving(proc) == 0 {
		m.table.Seal(proc)
	}
}

// hasSealed reports whether a proc that is sealed has the flow's bucket.
func (m *model) hasSealed(f Flow) bool {
	e := m.table.ports[0][f.LocalPort]
	return e != nil && m.table.sealed[e.owner[m.table.hash.Sum(&f, true)%NumBuckets]]
}

func (m *model) stall(proc uint8, on bool) {
	m.table.Stall(proc, on)
	delete(m.stalled, proc)
	if on && m.live[proc] {
		m.stalled[proc] = true
	}
	m.save()
}

// takers returns how many listeners of a port do not drain. After a restart some may not have told of the port yet.
func (m *model) takers(port uint16) (n int) {
	for proc := range m.members[port] {
		if e := m.table.ports[0][port]; e != nil && e.has(proc) && !m.drains[proc] {
			n++
		}
	}
	return n
}

// able returns how many listeners of a port can take new flows at once.
func (m *model) able(port uint16) (n int) {
	for proc := range m.members[port] {
		if m.live[proc] && !m.drains[proc] && !m.stalled[proc] {
			n++
		}
	}
	return n
}

// checkFit checks that a new flow has not gone to a proc that it should not go to.
func (m *model) checkFit(port uint16, proc uint8) {
	full := m.table.pins.room() == 0
	switch {
	case m.stalled[proc] && m.able(port) > 0 && !full:
		m.t.Fatalf("SYN to %d went to proc %d, which has stalled; %d others have not", port, proc, m.able(port))
	case m.drains[proc] && m.table.Moving(proc) == 0:
		m.t.Fatalf("SYN to %d went to proc %d, which drains and has nothing to give away", port, proc)
	case m.table.sealed[proc]:
		m.t.Fatalf("SYN to %d went to proc %d, which was told that none comes", port, proc)
	}
}
