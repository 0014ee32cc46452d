package primary

import (
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"ringstack/cgo"
	"ringstack/msg"
	"ringstack/shm"
)

// detachGrace is how long a detached secondary may take to let go of the shared memory before its
// mbufs are taken back all the same. Its slot stays taken until its life line closes.
const detachGrace = time.Second

// convict detaches a secondary that has broken the rules.
func (p *Primary) convict(pr *proc, v violation) {
	p.broken[v]++
	p.logProc(pr).Str("violation", v.String()).Msg("secondary broke the rules: detached")
	p.dismiss(pr, msg.Detach{Reason: "violation: " + v.String()})
}

// dismiss stops serving a secondary and tells it to go.
func (p *Primary) dismiss(pr *proc, why msg.Detach) {
	p.leave(pr)
	pr.state = stateDetached
	s := pr.session
	go s.notify(why)
	time.AfterFunc(detachGrace, func() {
		p.do(func() {
			if pr.session == s && pr.state == stateDetached {
				p.reclaim(pr)
			}
		})
	})
}

// leave ends a secondary's part in the traffic at once: its ports and buckets go to the others.
func (p *Primary) leave(pr *proc) {
	if pr.known() {
		p.table.Leave(uint8(pr.id))
		p.keeper.changed()
	}
	if pr.state != stateLive {
		return
	}
	p.served = slices.DeleteFunc(p.served, func(other *proc) bool { return other == pr })
	p.nameLeader()
	pr.calls.Fail(msg.Errorf(syscall.ESRCH, "proc %d is gone", pr.id))
}

// release frees a slot whose secondary has let go of the memory: it is dead, or has closed its life
// line. From then on it writes to the memory no more.
func (p *Primary) release(pr *proc) {
	what := "secondary is gone"
	if p.stopping {
		what = "secondary is left to the next primary"
	}
	p.logProc(pr).Int("mbufs_back", p.owners.holds(pr.id)).Stringer("uptime", time.Since(pr.since).Round(time.Millisecond)).Msg(what)
	if pr.state == stateAttaching && pr.kept && !p.stopping {
		p.awaitAgain(pr)
		return
	}
	p.leave(pr)
	p.reclaim(pr)
	p.vacate(pr)
}

// reclaim takes back the mbufs that a secondary held, as the ownership table says.
func (p *Primary) reclaim(pr *proc) {
	back := make([]uint64, 0, burst)
	p.owners.reclaim(pr.id, func(addr uint64, g *granule) {
		p.owners.renew(p.mem, addr, g, 0, shm.Headroom, 0)
		if back = append(back, addr); len(back) == burst {
			cgo.FreeMbufs(back)
			back = back[:0]
		}
	})
	cgo.FreeMbufs(back)
}

// nameLeader publishes which secondary answers ARP and neighbour discovery.
func (p *Primary) nameLeader() {
	leader := int32(shm.NoLeader)
	if id, ok := p.table.Leader(); ok {
		leader = int32(id)
	}
	atomic.StoreInt32(&p.header.Leader, leader)
}

// dismissAll tells all secondaries to go, admits no others, and serves calls until they are gone, for
// detachGrace at most; then it takes everything back. What the secondaries had is kept for the next primary.
func (p *Primary) dismissAll() {
	p.stopping = true
	forget := p.bequeath()
	defer forget()
	for _, pr := range p.procs {
		switch pr.state {
		case stateAttaching, stateLive:
			p.dismiss(pr, msg.Detach{Reason: "the primary stops", Stops: true})
		case stateAwaited:
			p.vacate(pr)
		}
	}
	timeout := time.After(detachGrace)
	for slices.ContainsFunc(p.procs, func(pr *proc) bool { return pr.state != stateFree }) {
		select {
		case f := <-p.calls:
			f()
		case <-timeout:
			p.log.Warn().Msg("some secondaries did not let go in time")
			close(p.ended)
			for _, pr := range p.procs {
				p.reclaim(pr)
			}
			return
		}
	}
	close(p.ended)
}

func (p *Primary) logProc(pr *proc) *zerolog.Event {
	peer := pr.peer
	return p.log.Info().Int("proc", pr.id).Str("program", peer.program).Str("group", peer.group).
		Int("pid", peer.pid).Int("uid", peer.uid)
}
