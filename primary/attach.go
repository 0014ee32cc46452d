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

// admit takes a slot for a secondary and describes it; see describe.
func (p *Primary) admit(s *session, hello *msg.Hello) (pr *proc, a shm.Attach, fds []int, err error) {
	if pr, err = p.slotFor(hello); err != nil {
		return nil, a, nil, err
	}
	if err = p.occupy(pr, s); err != nil {
		return nil, a, nil, err
	}
	a, fds = p.describe(pr)
	if pr.resumed = hello.Resume != nil; pr.resumed {
		p.reinstate(pr, hello.Resume, &a)
	}
	p.logProc(pr).Bool("resumes", pr.resumed).Msg("secondary attaches")
	return pr, a, fds, nil
}

func (p *Primary) slotFor(hello *msg.Hello) (*proc, error) {
	switch {
	case p.stopping:
		return nil, errStops
	case hello.Resume != nil:
		return p.resumeSlot(hello.Proc, hello.Resume.Ticket)
	}
	return p.freeSlot(hello.Proc)
}

func (p *Primary) freeSlot(wanted int) (*proc, error) {
	if wanted != msg.AnyProc {
		if wanted < 0 || wanted >= len(p.procs) {
			return nil, msg.Errorf(syscall.EINVAL, "proc id %d: max_procs=%d allows 0 to %d", wanted, len(p.procs), len(p.procs)-1)
		}
		switch pr := p.procs[wanted]; pr.state {
		case stateFree:
			return pr, nil
		case stateAwaited:
			return nil, msg.Errorf(syscall.EBUSY, "proc id %d is kept for %s, pid %d, which has yet to come back after a restart of the primary: try again, or ask for another id or any", wanted, pr.peer.program, pr.peer.pid)
		default:
			return nil, msg.Errorf(syscall.EBUSY, "proc id %d is taken by %s, pid %d: stop that, or ask for another id or any", wanted, pr.peer.program, pr.peer.pid)
		}
	}
	for _, pr := range p.procs {
		if pr.state == stateFree {
			return pr, nil
		}
	}
	return nil, msg.Errorf(syscall.EUSERS, "all %d slots for secondaries are taken: raise max_procs in [dpdk]", len(p.procs))
}

// occupy makes the slot the session's. A secondary that was awaited stays in the group that it was in.
func (p *Primary) occupy(pr *proc, s *session) (err error) {
	if err := pr.open(p.mem); err != nil {
		return err
	}
	if pr.kept = pr.state == stateAwaited; pr.kept {
		s.peer.group, s.peer.groupID = pr.peer.group, pr.peer.groupID
		pr.process.close()
	} else {
		pr.drain = drain{}
		if s.peer.groupID, err = p.groups.join(s.peer.group, s.peer.uid); err != nil {
			return err
		}
		pr.ticket = newTicket()
	}
	pr.state, pr.session, pr.peer, pr.since = stateAttaching, s, s.peer, time.Now()
	return nil
}

// vacate makes the slot free.
func (p *Primary) vacate(pr *proc) {
	p.groups.leave(pr.peer.group)
	pr.process.close()
	pr.state, pr.session, pr.process, pr.ticket, pr.ports = stateFree, nil, nil, "", nil
	p.keeper.changed()
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
		Ticket:   pr.ticket,
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
	p.keeper.changed()
	p.awaitedLess()
	p.nameLeader()
	p.startMoves() // one that is back may have begun some
	p.topUp(pr)
	p.logProc(pr).Msg("secondary is live")
	p.goOnDraining(pr)
}
