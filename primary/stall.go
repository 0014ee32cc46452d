package primary

import (
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// A secondary has stalled when work waits for it and its loop does not turn for stall_time: it is stopped, or hangs in a handler. It gets no new
// connections then, as far as others can have them, until it turns again.

// looksPerStall is in how many parts stall_time is: a secondary has stalled that was seen to do nothing through all of them. Looks are
// counted, not time, since the primary may have been stopped itself.
const looksPerStall = 4

// pulse is what looks at a secondary have shown.
type pulse struct {
	loops   uint64 // turns of its loop, at the last look
	missed  int    // looks in a row at which work waited and the loop had not turned since the one before
	stalled bool
	since   time.Time // of the stall
	stalls  uint64
}

func (p *Primary) lookEvery() time.Duration {
	return time.Duration(p.cfg.DPDK.StallTime) * time.Millisecond / looksPerStall
}

// longestSleep is how long the poll loop may sleep where a frame ends that.
func (p *Primary) longestSleep() time.Duration {
	if p.suspects > 0 {
		return min(maxSleep, p.lookEvery())
	}
	return maxSleep
}

// feelPulses looks at all secondaries.
func (p *Primary) feelPulses() {
	p.nextPulse = p.now + p.lookEvery()
	p.suspects = 0
	for _, pr := range p.served {
		if p.feel(pr) {
			p.suspects++
		}
	}
}

// feel looks at a secondary, and reports whether it may have stalled, or may be about to: the next look is not to be late then.
func (p *Primary) feel(pr *proc) bool {
	loops := atomic.LoadUint64(&pr.slot.Loops)
	turned := loops != pr.pulse.loops
	pr.pulse.loops = loops
	busy := pr.hasWork()
	if turned || !busy {
		pr.pulse.missed = 0
		if pr.pulse.stalled {
			p.revive(pr)
		}
		return busy
	}
	if pr.pulse.missed++; pr.pulse.missed > looksPerStall && !pr.pulse.stalled {
		p.stall(pr)
	}
	return true
}

// stall keeps new connections away from a secondary, or kills it.
func (p *Primary) stall(pr *proc) {
	pr.pulse.stalled, pr.pulse.since = true, time.Now()
	pr.pulse.stalls++
	p.stalls++
	p.table.Stall(uint8(pr.id), true)
	p.keeper.changed()
	p.nameLeader()
	p.warnProc(pr).Int("stall_time", p.cfg.DPDK.StallTime).Msg("secondary has stalled: it has work and does nothing")
	if !p.cfg.DPDK.StallKill {
		return
	}
	if err := pr.session.process.kill(); err != nil {
		p.warnProc(pr).Err(err).Msg("the stalled secondary cannot be killed")
		return
	}
	p.killed++
	p.warnProc(pr).Msg("the stalled secondary is killed")
}

// revive ends a stall.
func (p *Primary) revive(pr *proc) {
	pr.pulse.stalled = false
	p.table.Stall(uint8(pr.id), false)
	p.keeper.changed()
	p.nameLeader()
	p.logProc(pr).Stringer("stalled_for", time.Since(pr.pulse.since).Round(time.Millisecond)).Msg("secondary serves again")
}

// hasWork reports whether packets or requests wait for the secondary.
func (pr *proc) hasWork() bool {
	for _, rx := range pr.rx {
		if int(rx.Free()) < pr.rings.size-1 {
			return true
		}
	}
	return pr.calls.Unanswered() > 0
}

func (p *Primary) warnProc(pr *proc) *zerolog.Event {
	return p.log.Warn().Int("proc", pr.id).Str("program", pr.peer.program).Int("pid", pr.peer.pid)
}
