package primary

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/dispatch"
	"ringstack/internal/config"
	"ringstack/ring"
)

// burst is how many mbufs are received, and taken from a ring, at a time.
const burst = 64

// callsPerTurn is how many closures of the control socket run between two looks at the rings.
const callsPerTurn = 4

// Idling: the loop first gives its CPU away between looks, where that is cheap, then sleeps an eighth of the time for
// which nothing has come, so that a packet waits an eighth of the gap before it at most; and where
// the driver tells of packets, it sleeps until there is one.
const (
	yieldFor     = 100 * time.Microsecond
	minPause     = 20 * time.Microsecond
	pauseDivisor = 8
	maxSleep     = time.Second     // where a frame ends it
	pinSweep     = 2 * time.Second // how often pinned flows are checked against their owner's list
)

// loop is the state that only the poll loop's turns need.
type loop struct {
	start    time.Time
	now      time.Duration // since start, read once a turn
	lastWork time.Duration
	yielder  ring.Yielder
	nextPins time.Duration
	turns    uint64
	rx       [burst]uint64
	scratch  [burst]uint64
	packet   dispatch.Packet
	trash    []uint64 // mbufs to free at the end of the burst
	drops    dropCounters
	length   int    // of the frame that the user's dispatcher has
	answered uint64 // frames that it sent back
	broken   [numViolations]uint64
	starved  uint64 // times that a secondary could not be supplied with mbufs
	stopping bool   // no secondary may attach any more

	// See stall.go.
	nextPulse      time.Duration
	suspects       int    // secondaries that may have stalled
	stalls, killed uint64 // secondaries that have; that were killed for it

	// See await.go.
	graceEnds time.Time
	gathering bool // nothing is received yet
	unread    bool // the state file was of no use, and the grace time is not over

	shortages []shortage
}

// poll runs turns until ctx is done.
func (p *Primary) poll(ctx context.Context) {
	p.loop.start = time.Now()
	p.trash = make([]uint64, 0, 2*burst+p.maxHeld())
	p.shortages = newShortages()
	unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // pauses as short as asked for; failing costs latency only
	for ctx.Err() == nil {
		p.now = time.Since(p.loop.start)
		p.turns++
		if p.turn() {
			p.lastWork = p.now
			continue
		}
		p.idle()
	}
}

// turn does everything once and reports whether there was anything to do.
func (p *Primary) turn() (worked bool) {
	p.table.Tick(p.now)
	p.dropAbandoned()
	if p.mayReceive() {
		for i := range p.ports {
			worked = p.receive(i) || worked
		}
	}
	worked = p.serveAll() || worked
	for _, pt := range p.ports {
		p.transmit(pt)
	}
	if len(p.calls) > 0 {
		p.answerCalls()
		worked = true
	}
	if p.now >= p.nextPins {
		p.nextPins = p.now + pinSweep
		p.sweepPins()
		p.tellShortages()
	}
	if p.now >= p.nextPulse {
		p.feelPulses()
	}
	p.ringBells()
	return worked
}

// ringBells wakes the secondaries for which something was put on a ring in this turn. It comes last:
// the loop may sleep next.
func (p *Primary) ringBells() {
	for _, pr := range p.served {
		if pr.awaken {
			pr.awaken = false
			ring.Ring(&pr.slot.Sleep)
		}
	}
}

// serveAll serves every secondary, another one first each turn, so that all get the same share of a
// busy NIC. A conviction ends the round; the rest come first in the next.
func (p *Primary) serveAll() (worked bool) {
	n := len(p.served)
	for i := range n {
		pr := p.served[(p.turns+uint64(i))%uint64(n)]
		did, broken := p.serve(pr)
		if broken != violationNone {
			p.convict(pr, broken)
			return true
		}
		worked = did || worked
	}
	return worked
}

// serve takes what a secondary has put on its rings and tops up what it needs. Freed mbufs are taken
// a burst for each port, as many as a turn may deliver to it: otherwise it would run into max_mbufs.
func (p *Primary) serve(pr *proc) (worked bool, broken violation) {
	for i := range pr.tx {
		sent, broken := p.takeFrames(pr, i)
		if broken != violationNone {
			return true, broken
		}
		freed, broken := p.takeFreed(pr)
		if broken != violationNone {
			return true, broken
		}
		worked = worked || sent+freed > 0
	}
	p.topUp(pr)
	answered, err := pr.calls.Poll()
	switch {
	case pr.brokenRing(): // which can be why a request could not be sent
		return true, violationRing
	case err != nil:
		return true, violationMessage
	}
	pr.awaken = pr.awaken || answered // it may have been sent a next request
	return worked || answered, violationNone
}

func (p *Primary) idle() {
	idleFor := p.now - p.lastWork
	if p.cfg.DPDK.PollMode == config.PollBusy {
		return
	}
	if idleFor < yieldFor && p.yielder.Yield() {
		return
	}
	p.sleeper.Prepare()
	if p.workWaits() {
		p.sleeper.Cancel()
		return
	}
	if p.rest(idleFor / pauseDivisor) {
		p.lastWork = time.Since(p.loop.start)
	}
}

// rest pauses as long as is fit, or sleeps until a frame comes where that can be waited for. It
// reports whether something woke it.
func (p *Primary) rest(pause time.Duration) (rung bool) {
	longest := time.Duration(p.cfg.DPDK.IdleSleep) * time.Microsecond
	if pause >= longest && p.waker.canWake(p.ports) {
		p.waker.arm()
		return p.sleeper.Sleep(p.longestSleep())
	}
	return p.sleeper.Nap(min(max(pause, minPause), longest))
}

// workWaits looks at everything that rings the bell.
func (p *Primary) workWaits() bool {
	for _, pr := range p.served {
		if pr.busy() {
			return true
		}
	}
	return len(p.calls) > 0
}

// do runs f in the poll loop and returns when it has run, or when the loop has ended (false).
func (p *Primary) do(f func()) bool {
	done := make(chan struct{})
	select {
	case p.calls <- func() { f(); close(done) }:
	case <-p.ended:
		return false
	}
	p.sleeper.Wake()
	select {
	case <-done:
		return true
	case <-p.ended:
		return false
	}
}

// answerCalls runs closures, a few at a time: packets come first.
func (p *Primary) answerCalls() {
	for i := 0; i < callsPerTurn && len(p.calls) > 0; i++ {
		(<-p.calls)()
	}
}
