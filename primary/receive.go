package primary

import (
	"ringstack/cgo"
	"ringstack/dispatch"
	"ringstack/shm"
)

// receive takes a burst from the port at position i and hands it to the secondaries' rings.
func (p *Primary) receive(i int) bool {
	pt := p.ports[i]
	n := pt.id.RxBurst(0, p.rx[:])
	if n == 0 {
		return false
	}
	for _, addr := range p.rx[:n] {
		p.dispatch(pt, addr)
	}
	for _, pr := range p.served {
		if len(pr.staged) > 0 {
			p.deliver(pr, i)
		}
	}
	p.emptyTrash()
	return true
}

// emptyTrash frees the mbufs of the frames that were dropped.
func (p *Primary) emptyTrash() {
	cgo.FreeMbufs(p.trash)
	p.trash = p.trash[:0]
}

// dispatch finds out who gets the frame in the mbuf at addr.
func (p *Primary) dispatch(pt *port, addr uint64) {
	m := p.mem.Mbuf(addr)
	off, n := int(m.DataOff), int(m.DataLen)
	if m.NbSegs != 1 || off+n > int(p.owners.bufLen) {
		p.discard(addr, dropSegments)
		return
	}
	if n > pt.maxFrame {
		p.discard(addr, dropGiant)
		return
	}
	if p.cfg.Dispatcher != nil {
		p.askUser(pt, addr, off, n)
		return
	}
	frame := p.mem.Frame(addr, off, n)
	if reason := p.packet.Parse(frame); reason != dispatch.ReasonNone {
		p.reject(addr, reason)
		return
	}
	verdict := p.table.Decide(int(pt.id), &p.packet, m.HashRSS, pt.hashes && m.OlFlags&shm.FlagRSSHash != 0)
	switch verdict.Action {
	case dispatch.Deliver:
		p.stage(p.procs[verdict.Proc], addr, n)
	case dispatch.Broadcast:
		p.broadcast(addr, frame)
	case dispatch.Hold:
		p.hold(addr)
	case dispatch.Release:
		p.stageHeld(p.procs[verdict.Proc])
		p.stage(p.procs[verdict.Proc], addr, n)
	default:
		p.reject(addr, verdict.Reason)
	}
}

// stage lines the mbuf up for a secondary, which holds it from here on.
func (p *Primary) stage(pr *proc, addr uint64, n int) {
	if p.owners.holds(pr.id) >= p.cfg.DPDK.MaxMbufs {
		pr.count.rxQuota++
		p.discard(addr, dropQuota)
		return
	}
	p.owners.give(addr, pr.id)
	pr.staged = append(pr.staged, addr)
	pr.count.rxPackets++
	pr.count.rxBytes += uint64(n)
}

// deliver moves what is staged for a secondary to its dispatch ring for the port at position i.
func (p *Primary) deliver(pr *proc, i int) {
	n := pr.rx[i].Enqueue(pr.staged)
	for _, addr := range pr.staged[n:] {
		p.owners.take(addr, pr.id)
		pr.count.rxPackets--
		pr.count.rxBytes -= uint64(p.mem.Mbuf(addr).DataLen)
		pr.count.rxRingFull++
		p.discard(addr, dropRingFull)
	}
	pr.staged = pr.staged[:0]
	pr.awaken = true
}

// broadcast gives every live secondary the frame: the last one the mbuf itself, the others copies.
func (p *Primary) broadcast(addr uint64, frame []byte) {
	live := p.table.Live()
	for _, id := range live[:len(live)-1] {
		if copied, ok := p.copyMbuf(frame); ok {
			p.stage(p.procs[id], copied, len(frame))
		}
	}
	p.stage(p.procs[live[len(live)-1]], addr, len(frame))
}

// copyMbuf allocates an mbuf with a copy of frame.
func (p *Primary) copyMbuf(frame []byte) (uint64, bool) {
	if !p.pools[0].AllocMbufs(p.scratch[:1]) {
		p.drops.own[dropNoMbuf]++
		return 0, false
	}
	addr := p.scratch[0]
	m := p.mem.Mbuf(addr)
	m.DataOff, m.DataLen, m.PktLen = shm.Headroom, uint16(len(frame)), uint32(len(frame))
	copy(p.mem.Frame(addr, shm.Headroom, len(frame)), frame)
	return addr, true
}
