package dispatch

// Decide returns what becomes of the packet that p describes, received on NIC
// port number port. Parse must have returned ReasonNone for it.
//
// hash is the NIC's if hashed is true. The caller sets that only when hash is
// sure to be what the table's own Hash gives for the packet's addresses and
// ports: same key, and a hash type with both ports. It is not used for fragments
// and ICMP errors. Without it the hash is computed, and only if it can matter.
func (t *Table) Decide(port int, p *Packet, hash uint32, hashed bool) Verdict {
	if t.elsewhere(port, p) {
		return drop(ReasonNotForUs)
	}
	if len(t.live) == 0 {
		return t.nobody()
	}
	if p.Control {
		return Verdict{Action: Broadcast}
	}
	if p.Fragment != FragmentNone {
		return t.fragment(port, p)
	}
	return t.steer(p, hash, hashed && !p.Quoted)
}

// elsewhere reports a unicast frame that is to another station.
func (t *Table) elsewhere(port int, p *Packet) bool {
	if uint(port) >= MaxEthPorts {
		return false
	}
	mac := &t.macs[port]
	return mac.set && p.Dst != mac.addr && p.Dst[0]&1 == 0
}

// steer finds the proc by the packet's flow.
func (t *Table) steer(p *Packet, hash uint32, hashed bool) Verdict {
	if !p.HasPorts {
		return t.spread(p)
	}
	if t.pins.len() > 0 && p.Flow.Proto == ProtoTCP {
		if e := t.pins.find(&p.Flow); e != nil {
			return t.toPinned(e, p)
		}
	}
	if proc := t.leases.holder(p.Flow.LocalPort); proc != none {
		return t.to(proc)
	}
	e := t.ports[protoIndex(p.Flow.Proto)][p.Flow.LocalPort]
	switch {
	case e == nil:
		return t.refuse(p)
	case t.unsure && p.Flow.Proto == ProtoTCP && !p.SYN && t.doubtful(e, &p.Flow):
		return drop(ReasonHeldOff)
	}
	v := t.share(p, e, hash, hashed)
	if t.unsure && p.SYN && v.Action == Deliver && t.doubtful(e, &p.Flow) && !t.pinned(&p.Flow, v.Proc) && t.pins.put(&p.Flow, v.Proc, t.stamp) == nil {
		return drop(ReasonPinsFull)
	}
	return v
}

// toPinned delivers a packet of a pinned flow. A SYN to one that was told that none comes is of a new flow with the ports of one that
// has ended: it comes again, and then the pin is gone.
func (t *Table) toPinned(e *pin, p *Packet) Verdict {
	switch {
	case p.SYN && t.sealed[e.proc]:
		return drop(ReasonDraining)
	case e.halfOpen && t.unsure && !p.SYN:
		return drop(ReasonHeldOff)
	}
	return t.to(e.proc)
}

// share finds the proc that has the packet's share of an owned port.
func (t *Table) share(p *Packet, e *ownedPort, hash uint32, hashed bool) Verdict {
	if e.solo != none && !t.strained {
		return t.to(e.solo)
	}
	if !hashed {
		hash = t.hash.Sum(&p.Flow, true)
	}
	owner := e.owner[hash%NumBuckets]
	switch {
	case owner == none:
		return t.refuse(p)
	case p.SYN && !t.awaited[owner]:
		return t.start(p, e, hash)
	case p.Flow.Proto == ProtoUDP && e.closed[owner]:
		return drop(ReasonDraining)
	case p.Flow.Proto == ProtoUDP && t.stalled[owner]:
		if proc := t.standIn(e, hash); proc != none {
			return deliver(proc)
		}
	}
	return t.to(owner)
}

// to delivers to proc, unless it has yet to come back.
func (t *Table) to(proc uint8) Verdict {
	if t.awaited[proc] {
		return drop(ReasonHeldOff)
	}
	return deliver(proc)
}

// nobody is the answer while no proc is live.
func (t *Table) nobody() Verdict {
	if t.unsure {
		return drop(ReasonHeldOff)
	}
	return drop(ReasonNoSecondary)
}

// refuse is for a port that nobody owns: some stack is to refuse the packet, unless the port's owner may have yet to come back.
func (t *Table) refuse(p *Packet) Verdict {
	if t.unsure {
		return drop(ReasonHeldOff)
	}
	return t.spread(p)
}

// spread shares what nobody owns among the procs that are fit for it, by its addresses.
func (t *Table) spread(p *Packet) Verdict {
	n := uint32(len(t.fit))
	if n == 1 {
		return deliver(t.fit[0])
	}
	return deliver(t.fit[t.hash.Sum(&p.Flow, false)%n])
}
