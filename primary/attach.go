package primary

import (
	"slices"
	"syscall"
	"time"

	"ringstack/cgo"
	"ringstack/internal/config"
	"ringstack/msg"
	"ringstack/shm"
)

// errStops is the answer to what comes while the primary stops.
var errStops = msg.Errorf(syscall.ESHUTDOWN, "the primary stops")

// admit takes a slot for a secondary.
func (p *Primary) admit(s *session, wanted int) (*proc, error) {
	if p.stopping {
		return nil, errStops
	}
	pr, err := p.freeSlot(wanted)
	if err != nil {
		return nil, err
	}
	groupID, err := p.groups.join(s.peer.group, s.peer.uid)
	if err != nil {
		return nil, err
	}
	s.peer.groupID = groupID
	if err := p.occupy(pr, s); err != nil {
		p.groups.leave(s.peer.group)
		return nil, err
	}
	p.logProc(pr).Msg("secondary attaches")
	return pr, nil
}

func (p *Primary) freeSlot(wanted int) (*proc, error) {
	if wanted != msg.AnyProc {
		if wanted < 0 || wanted >= len(p.procs) {
			return nil, msg.Errorf(syscall.EINVAL, "proc id %d: max_procs=%d allows 0 to %d", wanted, len(p.procs), len(p.procs)-1)
		}
		if pr := p.procs[wanted]; pr.state != stateFree {
			return nil, msg.Errorf(syscall.EBUSY, "proc id %d is taken by %s, pid %d: stop that, or ask for another id or any", wanted, pr.session.peer.program, pr.session.peer.pid)
		}
		return p.procs[wanted], nil
	}
	for _, pr := range p.procs {
		if pr.state == stateFree {
			return pr, nil
		}
	}
	return nil, msg.Errorf(syscall.EUSERS, "all %d slots for secondaries are taken: raise max_procs in [dpdk]", len(p.procs))
}

// occupy makes the slot the session's.
func (p *Primary) occupy(pr *proc, s *session) error {
	if err := pr.open(p.mem); err != nil {
		return err
	}
	pr.state, pr.session, pr.since = stateAttaching, s, time.Now()
	return nil
}

// describe returns the attach message for the secondary in pr, and the descriptors that go with it.
// It is encoded outside the poll loop, so it shares nothing that changes.
func (p *Primary) describe(pr *proc) (shm.Attach, []int) {
	a := shm.Attach{
		Proc:     pr.id,
		Epoch:    p.epoch,
		Layout:   cgo.Layout(),
		Control:  p.control,
		Alloc:    pr.rings.alloc,
		Free:     pr.rings.free,
		MsgIn:    pr.rings.msgIn,
		MsgOut:   pr.rings.msgOut,
		BufLen:   int(p.owners.bufLen),
		Busy:     p.cfg.DPDK.PollMode == config.PollBusy,
		Lcore:    -1,
		MaxMbufs: p.cfg.DPDK.MaxMbufs,
		Sysctls:  slices.Clone(p.sysctls),
	}
	if pr.id < len(p.cfg.ProcLcores) {
		a.Lcore = p.cfg.ProcLcores[pr.id]
	}
	for i, pt := range p.ports {
		d := pt.describe()
		d.Rx, d.Tx = pr.rings.rx[i], pr.rings.tx[i]
		a.Ports = append(a.Ports, d)
	}
	var fds []int
	a.Segments, fds = p.describeMemory()
	return a, fds
}

// describeMemory returns the segments with each of their files once.
func (p *Primary) describeMemory() (segments []shm.Segment, fds []int) {
	index := make(map[int]int)
	for _, s := range p.segments {
		at, known := index[s.FD]
		if !known {
			at = len(fds)
			index[s.FD] = at
			fds = append(fds, s.FD)
		}
		segments = append(segments, shm.Segment{Addr: s.Addr, Len: s.Len, PageSize: s.PageSize, FD: at, Offset: s.Offset})
	}
	return segments, fds
}

// enliven lets traffic flow to a secondary that is ready.
func (p *Primary) enliven(pr *proc) {
	pr.state = stateLive
	p.served = append(p.served, pr)
	p.table.Join(uint8(pr.id))
	p.nameLeader()
	p.topUp(pr)
	p.logProc(pr).Msg("secondary is live")
}
