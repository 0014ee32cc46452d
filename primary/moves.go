package primary

import (
	"time"

	"ringstack/dispatch"
	"ringstack/msg"
)

// settle is how long a stack, which may have goroutines of its own, is given to make connections of
// the frames that it has received.
const settle = 20 * time.Millisecond

// flowsPerStep is how many flows of an answer the poll loop goes through at a time.
const flowsPerStep = 512

// startMoves asks each secondary that buckets move away from for its flows, so that these can be
// pinned to it. It comes after every change of listeners.
func (p *Primary) startMoves() {
	for _, donor := range p.table.Donors() {
		p.inquire(donor)
	}
}

// sweepPins drops the pins of flows that have ended, and asks and tells again where that is overdue.
func (p *Primary) sweepPins() {
	p.startMoves()
	for _, pr := range p.served {
		p.tellDrained(pr)
		if id := uint8(pr.id); p.table.Pinned(id) > 0 {
			p.inquire(dispatch.Donor{Proc: id, Stamp: p.table.Stamp()})
		}
	}
}

// inquire asks a secondary for its flows, unless that is under way, drops the pins of those that have
// ended, and moves the buckets that waited to move away from it. All but the parts of that which need
// the table is done outside the poll loop.
func (p *Primary) inquire(donor dispatch.Donor) {
	pr := p.procs[donor.Proc]
	if pr.asked {
		return
	}
	pr.asked = true
	s := pr.session
	go func() {
		flows, err := p.settledFlows(pr, s)
		var commit *dispatch.Commit
		if err == nil {
			p.keeper.wait() // for the moves to be written: should this primary be killed, the next one knows what is not sure
			p.inSteps(pr, s, func() steps { return p.table.Sweep(donor.Proc, flows, donor.Stamp) })
			p.inSteps(pr, s, func() steps { commit = p.table.Commit(donor, flows); return commit })
		}
		p.doFor(pr, s, func() {
			pr.asked = false
			if err != nil {
				p.log.Warn().Err(err).Int("proc", pr.id).Msg("flows not known: its buckets stay for now")
				return
			}
			p.moved(pr, commit, len(flows))
		})
	}()
}

// moved does what waited for the buckets of a secondary to move. Those whose flows found no room in
// the exception table wait for the next sweep.
func (p *Primary) moved(pr *proc, c *dispatch.Commit, flows int) {
	if c.Moved+c.Kept > 0 {
		p.keeper.changed()
		p.log.Debug().Int("proc", pr.id).Int("flows", flows).Int("moved", c.Moved).Int("kept", c.Kept).Msg("buckets moved")
	}
	p.tellDrained(pr)
	if c.Kept == 0 {
		p.startMoves() // those that came meanwhile
	}
}

// steps is work on the table that is done a few flows at a time.
type steps interface{ Step(n int) (done bool) }

// inSteps has the poll loop do what begin returns, while pr is live and s its session.
func (p *Primary) inSteps(pr *proc, s *session, begin func() steps) {
	var work steps
	for done := false; !done; {
		if !p.doFor(pr, s, func() {
			if work == nil {
				work = begin()
			}
			done = work.Step(flowsPerStep)
		}) {
			return
		}
	}
}

// after runs f in the poll loop when d has passed, if pr is still the same secondary then.
func (p *Primary) after(d time.Duration, pr *proc, f func()) {
	s := pr.session
	time.AfterFunc(d, func() { p.doFor(pr, s, f) })
}

// doFor runs f in the poll loop if pr is live and s is still its session, and reports whether it has.
func (p *Primary) doFor(pr *proc, s *session, f func()) (ran bool) {
	p.do(func() {
		if pr.session == s && pr.state == stateLive {
			f()
			ran = true
		}
	})
	return ran
}

// settledFlows asks a secondary for its flows such that none is missing whose first frame was
// dispatched before: the secondary first takes in all those frames, then its stack is given the time to
// make connections of them.
func (p *Primary) settledFlows(pr *proc, s *session) ([]dispatch.Claim, error) {
	if _, err := p.ask(pr, s, msg.KindSettle); err != nil {
		return nil, err
	}
	time.Sleep(settle)
	payload, err := p.ask(pr, s, msg.KindFlows)
	if err != nil {
		return nil, err
	}
	return parseFlows(payload)
}

// ask asks a secondary for something.
func (p *Primary) ask(pr *proc, s *session, what msg.Kind) (payload []byte, err error) {
	answered := make(chan struct{})
	done := func(reply []byte, failed error) {
		payload, err = reply, failed
		close(answered)
	}
	if !p.doFor(pr, s, func() {
		if failed := pr.request(what, nil, done); failed != nil {
			done(nil, failed)
		}
	}) {
		return nil, errGone
	}
	<-answered // when the secondary goes at the latest: leave fails its requests
	return payload, err
}

func parseFlows(payload []byte) ([]dispatch.Claim, error) {
	list, err := msg.ParseFlows(payload)
	flows := make([]dispatch.Claim, len(list))
	for i, f := range list {
		flows[i] = dispatch.Claim{HalfOpen: f.HalfOpen, Flow: dispatch.Flow{
			Local: f.Local, LocalPort: f.LocalPort, Remote: f.Remote, RemotePort: f.RemotePort,
			Proto: dispatch.ProtoTCP,
		}}
	}
	return flows, err
}
