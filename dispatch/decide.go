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
		return drop(ReasonNoSecondary)
	}
	if p.Control {
		return Verdict{Action: Broadcast}
	}
	if p.keyed {
		return t.fragment(p)
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

// fragment sends later fragments after the first one of their packet.
func (t *Table) fragment(p *Packet) Verdict {
	if p.Fragment == FragmentLater {
		proc, ok := t.frags.find(p.fragmentKey(), t.now)
		if !ok {
			return drop(ReasonFragNoFirst)
		}
		return deliver(proc)
	}
	v := t.steer(p, 0, false)
	if v.Action == Deliver {
		t.frags.put(p.fragmentKey(), v.Proc, t.now)
	}
	return v
}

// steer finds the proc by the packet's flow.
func (t *Table) steer(p *Packet, hash uint32, hashed bool) Verdict {
	if !p.HasPorts {
		return t.spread(p)
	}
	if t.pins.n > 0 && p.Flow.Proto == ProtoTCP {
		if e := t.pins.find(&p.Flow); e != nil {
			return deliver(e.proc)
		}
	}
	if proc := t.leases.holder(p.Flow.LocalPort); proc != none {
		return deliver(proc)
	}
	e := t.ports[protoIndex(p.Flow.Proto)][p.Flow.LocalPort]
	if e == nil {
		return t.spread(p)
	}
	if e.solo != none {
		return deliver(e.solo)
	}
	if !hashed {
		hash = t.hash.Sum(&p.Flow, true)
	}
	return t.bucket(p, e, hash%NumBuckets)
}

// bucket delivers to the owner of bucket b. Flows that start while the bucket
// is moving are pinned, so that its Commit cannot cut them off.
func (t *Table) bucket(p *Packet, e *ownedPort, b uint32) Verdict {
	owner, next := e.owner[b], e.next[b]
	if owner == none {
		return t.spread(p)
	}
	if owner == next || !p.SYN {
		return deliver(owner)
	}
	if e.has(owner) {
		if !t.pins.put(&p.Flow, owner, t.stamp) {
			t.keep(e, int(b))
		}
		return deliver(owner)
	}
	// The owner has stopped listening and would refuse the flow.
	if next == none {
		return t.spread(p)
	}
	if !t.pins.put(&p.Flow, next, t.stamp) {
		return drop(ReasonPinsFull)
	}
	return deliver(next)
}

// spread shares what nobody owns among the live procs, by its addresses.
func (t *Table) spread(p *Packet) Verdict {
	n := uint32(len(t.live))
	if n == 1 {
		return deliver(t.live[0])
	}
	return deliver(t.live[t.hash.Sum(&p.Flow, false)%n])
}
