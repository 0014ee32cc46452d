package primary

import (
	"cmp"
	"encoding/binary"

	"ringstack/dispatch"
	"ringstack/shm"
)

const (
	macsLen = 12 // bytes of both MAC addresses
	vlanLen = 4  // bytes of an 802.1Q tag
)

// askUser lets the user's dispatcher decide about the frame of n bytes at off in the mbuf at addr,
// with F-Stack's contract (process_packets in its lib/ff_dpdk_if.c).
func (p *Primary) askUser(pt *port, addr uint64, off, n int) {
	m := p.mem.Mbuf(addr)
	room := p.mem.Frame(addr, off, int(p.owners.bufLen)-off)
	ctx := dispatch.Context{VLANStripped: m.OlFlags&shm.FlagVLANStripped != 0, VLANTCI: m.VlanTCI}
	queues := cmp.Or(p.cfg.DPDK.NbProcs, p.cfg.DPDK.MaxProcs)
	p.length = n // a local variable would escape, one allocation a frame
	queue := p.cfg.Dispatcher(room[:n], &p.length, 0, uint16(queues), ctx)
	n = p.length
	switch {
	case queue == dispatch.DispatchError:
		p.discard(addr, dropUser)
	case queue != dispatch.DispatchResponse && (queue < 0 || queue >= queues):
		p.discard(addr, dropUserQueue)
	case n < minFrame || n > pt.maxFrame || n > len(room):
		p.discard(addr, dropUserLength)
	case queue == dispatch.DispatchResponse:
		p.respond(pt, addr, off, n, ctx)
	default:
		m.DataLen, m.PktLen = uint16(n), uint32(n)
		p.enqueueFor(queue, addr, room[:n])
	}
}

// enqueueFor gives a secondary the frame that the user's dispatcher chose it for. Every secondary
// has the same addresses, so what all stacks must see goes to all of them, as in F-Stack.
func (p *Primary) enqueueFor(proc int, addr uint64, frame []byte) {
	control := p.packet.Parse(frame) == dispatch.ReasonNone && p.packet.Control
	switch {
	case control && len(p.table.Live()) > 0:
		p.broadcast(addr, frame)
	case p.procs[proc].state != stateLive:
		p.discard(addr, dropUserQueue)
	default:
		p.stage(p.procs[proc], addr, len(frame))
	}
}

// respond sends a received frame, edited to n bytes, out of the port it came from, in the VLAN that
// it came in.
func (p *Primary) respond(pt *port, addr uint64, off, n int, ctx dispatch.Context) {
	if ctx.VLANStripped && off >= vlanLen {
		off, n = off-vlanLen, n+vlanLen
		restoreTag(p.mem.Frame(addr, off, n), ctx.VLANTCI)
	}
	if !pt.carries(p.mem.Frame(addr, off, n)) {
		p.discard(addr, dropUserLength)
		return
	}
	if len(pt.pending) == burst {
		p.transmit(pt)
	}
	if len(pt.pending) == burst {
		pt.refused++
		p.trash = append(p.trash, addr)
		return
	}
	_, g := p.owners.find(addr)
	p.owners.renew(p.mem, addr, g, uint16(pt.id), uint16(off), uint16(n))
	pt.pending = append(pt.pending, addr)
	p.answered++
}

// restoreTag puts an 802.1Q tag into a frame that has room for it in front.
func restoreTag(frame []byte, tci uint16) {
	copy(frame, frame[vlanLen:vlanLen+macsLen])
	binary.BigEndian.PutUint16(frame[macsLen:], dispatch.EtherTypeVLAN)
	binary.BigEndian.PutUint16(frame[macsLen+2:], tci)
}
