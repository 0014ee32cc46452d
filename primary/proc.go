package primary

import (
	"errors"
	"fmt"
	"time"

	"ringstack/cgo"
	"ringstack/msg"
	"ringstack/ring"
	"ringstack/shm"
)

// state of a slot. A slot is taken from attaching until the life line has closed.
type state uint8

const (
	stateFree      state = iota
	stateAttaching       // has the memory, not ready yet: no traffic
	stateLive            // its rings are served
	stateDetached        // broke the rules or is dismissed; may still be writing to its rings
	stateAwaited         // was live under the primary before this one, and has yet to come back: there is no session
)

var stateNames = [...]string{"free", "attaching", "live", "detached", "awaited"}

func (s state) String() string { return stateNames[s] }

// rings has the addresses of a secondary's rings. They live as long as the primary.
type rings struct {
	size                       int // slots of those that carry mbufs
	alloc, free, msgIn, msgOut uint64
	rx, tx                     []uint64 // by position in Primary.ports
}

// all calls visit for each ring.
func (r *rings) all(visit func(addr uint64, size int)) {
	visit(r.alloc, r.size)
	visit(r.free, r.size)
	visit(r.msgIn, msgRingSize)
	visit(r.msgOut, msgRingSize)
	for i := range r.rx {
		visit(r.rx[i], r.size)
		visit(r.tx[i], r.size)
	}
}

// proc is a slot for a secondary, and the secondary in it. Only the poll loop uses it.
type proc struct {
	id    int
	rings rings
	slot  *shm.Slot
	msgs  []uint64 // its message buffers

	state   state
	since   time.Time
	peer    peer
	ticket  string // with which it proves to another primary who it was
	session *session
	resumed bool     // it had a primary before this one
	kept    bool     // its slot was kept for it
	process *process // while awaited
	drain   drain
	pulse   pulse

	alloc  *ring.Producer
	free   *ring.Consumer
	rx     []*ring.Producer // by position in Primary.ports
	tx     []*ring.Consumer
	msgIn  *ring.Producer
	msgOut *ring.Consumer
	calls  *msg.Requester
	asked  bool     // its flows have been asked for, to move its buckets
	staged []uint64 // for the dispatch ring of the port being received from
	awaken bool     // something was put on a ring: ring the bell at the end of the turn

	ports []msg.PortRequest // that it listens on
	count procCounters
}

// procCounters are a secondary's counters since it attached.
type procCounters struct {
	rxPackets, rxBytes uint64
	txPackets, txBytes uint64
	rxRingFull         uint64
	rxQuota            uint64
}

// makeProcs makes the rings and message buffers of all slots, so that nothing is allocated in
// shared memory once secondaries map it.
func (p *Primary) makeProcs() error {
	for id := range p.cfg.DPDK.MaxProcs {
		pr := &proc{id: id}
		if err := p.makeRings(pr); err != nil {
			return err
		}
		pr.msgs = make([]uint64, msgBuffers)
		if !p.msgPool.Get(pr.msgs) {
			return fmt.Errorf("message pool is too small for %d secondaries", p.cfg.DPDK.MaxProcs)
		}
		p.procs = append(p.procs, pr)
	}
	if err := p.mapMemory(); err != nil {
		return err
	}
	for _, pr := range p.procs {
		pr.slot = p.mem.Slot(p.control, pr.id)
	}
	return nil
}

func (p *Primary) makeRings(pr *proc) error {
	size := p.cfg.DPDK.RingSize
	pr.rings.size = size
	for _, r := range []struct {
		addr *uint64
		name string
		size int
	}{
		{&pr.rings.alloc, allocRingName(pr.id), size},
		{&pr.rings.free, freeRingName(pr.id), size},
		{&pr.rings.msgIn, msgInRingName(pr.id), msgRingSize},
		{&pr.rings.msgOut, msgOutRingName(pr.id), msgRingSize},
	} {
		if err := p.makeRing(r.addr, r.name, r.size); err != nil {
			return err
		}
	}
	pr.rings.rx, pr.rings.tx = make([]uint64, len(p.cfg.Ports)), make([]uint64, len(p.cfg.Ports))
	for i := range p.cfg.Ports {
		port := p.cfg.Ports[i].ID
		if err := p.makeRing(&pr.rings.rx[i], dispatchRingName(port, pr.id), size); err != nil {
			return err
		}
		if err := p.makeRing(&pr.rings.tx[i], txRingName(port, pr.id), size); err != nil {
			return err
		}
	}
	return nil
}

func (p *Primary) makeRing(addr *uint64, name string, size int) error {
	r, err := cgo.CreateRing(name, size, cgo.MainSocket())
	if err != nil {
		return fmt.Errorf("%w: lower ring_size (%d) or max_procs (%d), or give DPDK more memory",
			err, p.cfg.DPDK.RingSize, p.cfg.DPDK.MaxProcs)
	}
	p.later(r.Free)
	*addr = r.Addr()
	return nil
}

// open empties the slot's rings and takes our ends of them.
func (pr *proc) open(mem *shm.Memory) error {
	pr.rings.all(func(addr uint64, size int) { ring.Reset(mem, addr, size) })
	pr.slot.Reset()
	pr.rx, pr.tx = pr.rx[:0], pr.tx[:0]
	var errs [4]error
	pr.alloc, errs[0] = ring.NewProducer(mem, pr.rings.alloc)
	pr.free, errs[1] = ring.NewConsumer(mem, pr.rings.free)
	pr.msgIn, errs[2] = ring.NewProducer(mem, pr.rings.msgIn)
	pr.msgOut, errs[3] = ring.NewConsumer(mem, pr.rings.msgOut)
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	for i := range pr.rings.rx {
		rx, err := ring.NewProducer(mem, pr.rings.rx[i])
		if err != nil {
			return err
		}
		tx, err := ring.NewConsumer(mem, pr.rings.tx[i])
		if err != nil {
			return err
		}
		pr.rx, pr.tx = append(pr.rx, rx), append(pr.tx, tx)
	}
	pr.calls = msg.NewRequester(ring.MessageSender{Producer: pr.msgIn}, ring.MessageReceiver{Consumer: pr.msgOut}, mem, pr.msgs)
	pr.count, pr.pulse, pr.asked, pr.awaken = procCounters{}, pulse{}, false, false
	pr.staged = make([]uint64, 0, 2*burst)
	return nil
}

// known reports whether the dispatch table knows the secondary.
func (pr *proc) known() bool {
	return pr.state == stateLive || pr.state == stateAwaited || pr.state == stateAttaching && pr.resumed
}

// shownState is what ff ps shows.
func (pr *proc) shownState() string {
	switch {
	case pr.state == stateLive && pr.pulse.stalled:
		return "stalled"
	case pr.state == stateLive && pr.drain.on:
		return "draining"
	}
	return pr.state.String()
}

// request sends a control request to the secondary, see msg.Requester.Call.
func (pr *proc) request(kind msg.Kind, payload []byte, done msg.Done) error {
	pr.awaken = true
	return pr.calls.Call(kind, payload, done)
}

// brokenRing reports whether the secondary has claimed impossible positions in one of its rings.
func (pr *proc) brokenRing() bool {
	broken := pr.alloc.Broken() || pr.free.Broken() || pr.msgIn.Broken() || pr.msgOut.Broken()
	for i := range pr.rx {
		broken = broken || pr.rx[i].Broken() || pr.tx[i].Broken()
	}
	return broken
}

// busy reports whether something waits on the rings that come from the secondary.
func (pr *proc) busy() bool {
	for _, tx := range pr.tx {
		if tx.Len() > 0 {
			return true
		}
	}
	return pr.free.Len() > 0 || pr.msgOut.Len() > 0
}
