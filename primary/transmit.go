package primary

import (
	"time"

	"ringstack/cgo"
	"ringstack/shm"
)

const (
	minFrame   = 14                    // bytes of an Ethernet header
	stuckAfter = 10 * time.Millisecond // a NIC that takes nothing for so long loses what waits
)

// takeFrames moves frames from a secondary's tx ring for the port at position i to what the port
// has pending, as many as fit: a busy NIC holds the secondaries back, it loses nothing.
func (p *Primary) takeFrames(pr *proc, i int) (int, violation) {
	pt := p.ports[i]
	n := pr.tx[i].Dequeue(p.scratch[:burst-len(pt.pending)])
	for _, addr := range p.scratch[:n] {
		size, broken := p.takeFrame(pr, pt, addr)
		if broken != violationNone {
			return n, broken
		}
		pt.pending = append(pt.pending, addr)
		pr.count.txPackets++
		pr.count.txBytes += uint64(size)
	}
	if len(pt.pending) == burst {
		p.transmit(pt)
	}
	return n, violationNone
}

// takeFrame checks an mbuf that a secondary wants sent, takes it from the secondary, and writes its
// header anew. The header is read once: the secondary might still be writing to it.
func (p *Primary) takeFrame(pr *proc, pt *port, addr uint64) (int, violation) {
	g, broken := p.owners.take(addr, pr.id)
	if broken != violationNone {
		return 0, broken
	}
	m := p.mem.Mbuf(addr)
	off, n, segs, next := m.DataOff, m.DataLen, m.NbSegs, m.Next
	broken = p.checkFrame(pt, addr, off, n, segs, next)
	if broken != violationNone {
		off, n = shm.Headroom, 0
	}
	p.owners.renew(p.mem, addr, g, uint16(pt.id), off, n)
	if broken != violationNone {
		p.free(addr)
	}
	return int(n), broken
}

func (p *Primary) checkFrame(pt *port, addr uint64, off, n, segs uint16, next uint64) violation {
	switch {
	case segs != 1 || next != 0:
		return violationChain
	case int(off)+int(n) > int(p.owners.bufLen), n < minFrame, !pt.carries(p.mem.Frame(addr, int(off), int(n))):
		return violationLength
	}
	return violationNone
}

// transmit gives the NIC what is pending. What it does not take waits for the next turn; when it
// has taken nothing for stuckAfter, what waits is dropped.
func (p *Primary) transmit(pt *port) {
	if len(pt.pending) == 0 {
		return
	}
	n := pt.id.TxBurst(0, pt.pending)
	left := copy(pt.pending, pt.pending[n:])
	pt.pending = pt.pending[:left]
	switch {
	case left == 0 || n > 0:
		pt.stuck = 0
	case pt.stuck == 0:
		pt.stuck = p.now
	case p.now-pt.stuck > stuckAfter:
		pt.refused += uint64(left)
		cgo.FreeMbufs(pt.pending)
		pt.pending = pt.pending[:0]
	}
}

// takeFreed takes back what a secondary has put on its free ring.
func (p *Primary) takeFreed(pr *proc) (int, violation) {
	n := pr.free.Dequeue(p.scratch[:])
	for i, addr := range p.scratch[:n] {
		g, broken := p.owners.take(addr, pr.id)
		if broken != violationNone {
			cgo.FreeMbufs(p.scratch[:i])
			return n, broken
		}
		p.owners.renew(p.mem, addr, g, 0, shm.Headroom, 0)
	}
	cgo.FreeMbufs(p.scratch[:n])
	return n, violationNone
}

// topUp keeps a secondary supplied with empty mbufs.
func (p *Primary) topUp(pr *proc) {
	free := int(pr.alloc.Free())
	level := min(allocLevel, p.cfg.DPDK.MaxMbufs/2, p.cfg.DPDK.RingSize-1)
	missing := level - (p.cfg.DPDK.RingSize - 1 - free)
	missing = min(missing, burst, p.cfg.DPDK.MaxMbufs-p.owners.holds(pr.id))
	if missing < min(burst, level/2) {
		return
	}
	mbufs := p.scratch[:missing]
	if !p.pools[0].AllocMbufs(mbufs) {
		p.starved++
		return
	}
	for _, addr := range mbufs {
		p.owners.give(addr, pr.id)
	}
	pr.alloc.Enqueue(mbufs) // fits: the free places were counted
	pr.awaken = true
}

// allocLevel is how many empty mbufs a secondary has at hand.
const allocLevel = 256

// free frees one mbuf.
func (p *Primary) free(addr uint64) {
	one := [1]uint64{addr}
	cgo.FreeMbufs(one[:])
}
