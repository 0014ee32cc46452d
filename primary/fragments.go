package primary

import "ringstack/shm"

// heldShare is which part of the mbufs may wait for the first fragment of a datagram.
const heldShare = 16

// maxHeld is how many mbufs may wait for the first fragment of a datagram.
func (p *Primary) maxHeld() int { return p.cfg.DPDK.NbMbufs / heldShare }

// hold keeps a fragment that came before the first one of its datagram, which says where it goes.
func (p *Primary) hold(addr uint64) {
	p.owners.give(addr, p.owners.primary())
	p.table.Hold(addr)
}

// stageHeld lines the fragments up for a secondary that waited for the one which it gets next.
func (p *Primary) stageHeld(pr *proc) {
	for _, addr := range p.table.Released() {
		p.unhold(addr)
		p.stage(pr, addr, int(p.mem.Mbuf(addr).DataLen))
	}
}

// dropAbandoned drops the fragments that have waited in vain.
func (p *Primary) dropAbandoned() {
	for _, a := range p.table.Abandoned() {
		p.owners.renew(p.mem, a.Frame, p.unhold(a.Frame), 0, shm.Headroom, 0)
		p.reject(a.Frame, a.Reason)
	}
	p.emptyTrash()
}

// unhold ends the primary's own hold of an mbuf.
func (p *Primary) unhold(addr uint64) *granule {
	g, _ := p.owners.take(addr, p.owners.primary())
	return g
}
