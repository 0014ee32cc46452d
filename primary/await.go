package primary

import (
	"errors"
	"os"
	"time"
)

// A secondary outlives its primary. What the state file tells of one that lives is kept for it while it is awaited: until it is back, has
// ended, or the grace time is over. Nobody else gets its packets meanwhile: another stack would answer them with RST.

// gatherFor is for how long the first packets may wait in the NIC, so that they find the secondaries that are just coming back.
const gatherFor = 100 * time.Millisecond

// awaitAll begins the grace time.
func (p *Primary) awaitAll() {
	grace := time.Duration(p.cfg.DPDK.ReattachGrace) * time.Millisecond
	p.graceEnds = time.Now().Add(grace)
	for _, pr := range p.procs {
		if pr.state == stateAwaited {
			p.gathering = true
			p.watch(pr)
		}
	}
	time.AfterFunc(grace, func() { p.do(p.endGrace) })
}

// endGrace has nobody wait for others from now on, not even for one that comes back and hangs: its line is cut, so that it is given up; should it
// go on, it comes as one that is late.
func (p *Primary) endGrace() {
	for _, pr := range p.procs {
		if pr.state == stateAttaching && pr.kept {
			pr.session.conn.Close()
		}
	}
	if p.table.Doubtful() {
		p.keeper.changed()
	}
	p.unread, p.gathering = false, false
	p.table.EndGrace()
}

// watch gives an awaited secondary up when it has ended or the grace time is over.
func (p *Primary) watch(pr *proc) {
	process := pr.process
	go func() {
		err := process.awaitEnd(p.graceEnds)
		why := "it has ended"
		switch {
		case errors.Is(err, os.ErrClosed):
			return // it is back
		case err != nil:
			why = "reattach_grace is over"
		}
		p.do(func() {
			if pr.state == stateAwaited && pr.process == process {
				p.giveUp(pr, why)
			}
		})
	}()
}

// giveUp gives what is kept for an awaited secondary to the others.
func (p *Primary) giveUp(pr *proc, why string) {
	p.logProc(pr).Str("reason", why).Msg("secondary is awaited no longer")
	p.table.Leave(uint8(pr.id))
	p.vacate(pr)
	p.startMoves()
	p.awaitedLess()
}

// awaitAgain goes back to awaiting a secondary whose attempt to come back has failed.
func (p *Primary) awaitAgain(pr *proc) {
	process, err := openProcess(pr.peer.pid, pr.peer.start)
	pr.state, pr.session, pr.process = stateAwaited, nil, process
	if err != nil {
		p.giveUp(pr, err.Error())
		return
	}
	p.watch(pr)
}

// awaitedLess looks what holds back packets still, after a secondary has come back or was given up.
func (p *Primary) awaitedLess() {
	if p.table.Awaiting() > 0 {
		return
	}
	p.gathering = false
	p.table.Doubt(p.unread)
}

// mayReceive reports whether the time of gathering is over.
func (p *Primary) mayReceive() bool {
	if p.gathering && p.now > gatherFor {
		p.gathering = false
	}
	return !p.gathering
}
