package secondary

import (
	"sync/atomic"

	"ringstack/ring"
	"ringstack/shm"
)

// device sends the frames of one port; see engine.Device. All but Wake belongs to the loop. It outlives its rings: while there is no
// primary it has none, and no frame to give.
type device struct {
	loop   *loop
	port   int // id
	tx     *ring.Producer
	rx     *ring.Consumer
	staged []uint64 // finished frames, for the tx ring
	open   uint64   // mbuf of the frame being written, 0 for none
	frame  []byte   // in open
	limit  int      // bytes of the longest frame
	void   []byte   // for the frames of a port that this primary does not have: they are dropped; nil: it has
}

func newDevice(l *loop, port int) *device {
	return &device{loop: l, port: port, staged: make([]uint64, 0, burst)}
}

// connect gives the device its rings.
func (d *device) connect(rings portRings, mtu int) {
	d.rx, d.tx, d.limit, d.void = rings.rx, rings.tx, mtu+etherOverhead, nil
}

// unplug makes the device drop what is sent, where the primary does not have its port: the stack would else try again all the time.
func (d *device) unplug() { d.void = make([]byte, maxFrame) }

// maxFrame is more than any port's MTU allows.
const maxFrame = 64 << 10

// disconnect takes the rings from the device. Frames that were not sent are lost. What Wake reads stays untouched.
func (d *device) disconnect() {
	d.rx, d.tx, d.limit, d.void = nil, nil, 0, nil
	d.staged, d.open, d.frame = d.staged[:0], 0, nil
}

// etherOverhead is an Ethernet header, in bytes.
const etherOverhead = 14

// Frame implements engine.Device: the frame is written where the NIC will read it.
func (d *device) Frame(n int) []byte {
	if d.void != nil {
		d.frame = d.void[:n]
		return d.frame
	}
	if n > d.limit {
		return nil
	}
	if len(d.staged) == cap(d.staged) {
		d.flush()
	}
	if uint32(len(d.staged)) >= d.tx.Free() {
		d.loop.count.txFull++
		return nil
	}
	if d.open == 0 {
		if d.open = d.loop.mbufs.get(); d.open == 0 {
			d.loop.count.txNoMbuf++
			return nil
		}
	}
	d.frame = d.loop.mem.Frame(d.open, shm.Headroom, n)
	return d.frame
}

// Send implements engine.Device.
func (d *device) Send() {
	if d.void != nil {
		d.loop.count.unplugged++
		return
	}
	if isAnswer(d.frame) && int(atomic.LoadInt32(&d.loop.header.Leader)) != d.loop.attach.Proc {
		d.loop.count.notLeader++ // the mbuf serves the next frame
		return
	}
	m := d.loop.mem.Mbuf(d.open)
	m.DataOff, m.DataLen, m.PktLen = shm.Headroom, uint16(len(d.frame)), uint32(len(d.frame))
	m.NbSegs, m.Next = 1, 0
	d.staged = append(d.staged, d.open)
	d.open = 0
}

// Wake implements engine.Device.
func (d *device) Wake() {
	d.loop.woken.Store(true)
	d.loop.sleeper.Wake()
}

// flush moves staged frames to the tx ring.
func (d *device) flush() {
	n := d.tx.Enqueue(d.staged) // all: Frame counted the free places
	d.staged = d.staged[:copy(d.staged, d.staged[n:])]
	d.loop.sent = d.loop.sent || n > 0
}

// isAnswer reports whether a frame answers ARP or neighbour discovery. All secondaries have the same
// addresses and hear each request; only the leader is to answer.
func isAnswer(frame []byte) bool {
	const (
		arpOp      = 14 + 6
		ipv6Next   = 14 + 6
		icmpv6Type = 14 + 40
		icmpv6     = 58
		advert     = 136 // RFC 4861 section 4.4
	)
	if len(frame) < arpOp+2 {
		return false
	}
	switch uint16(frame[12])<<8 | uint16(frame[13]) {
	case 0x0806:
		return frame[arpOp] == 0 && frame[arpOp+1] == 2
	case 0x86dd:
		return len(frame) > icmpv6Type && frame[ipv6Next] == icmpv6 && frame[icmpv6Type] == advert
	}
	return false
}
