package primary

import (
	"time"

	"ringstack/dispatch"
	"ringstack/msg"
)

// settle is how long a stack, which may have goroutines of its own, is given to make connections of
// the frames that it has received.
const settle = 20 * time.Millisecond

// startMoves asks each secondary that buckets move away from for its flows, so that these can be
// pinned to it. It comes after every change of listeners.
func (p *Primary) startMoves() {
	for _, donor := range p.table.Donors() {
		pr := p.procs[donor.Proc]
		if pr.asked {
			continue
		}
		p.askSettled(pr, func(flows []dispatch.Flow, err error) { p.commit(pr, donor, flows, err) })
	}
}

// commit moves the buckets that waited for a donor's flows. Buckets whose flows found no room in the
// exception table wait for the next sweep.
func (p *Primary) commit(pr *proc, donor dispatch.Donor, flows []dispatch.Flow, err error) {
	if err != nil {
		p.log.Warn().Err(err).Int("proc", pr.id).Msg("flows not known: its buckets stay for now")
		return
	}
	p.table.Sweep(donor.Proc, flows, donor.Stamp)
	kept := p.table.Commit(donor, flows)
	p.keeper.changed()
	p.log.Debug().Int("proc", pr.id).Int("flows", len(flows)).Int("kept", kept).Msg("buckets moved")
	p.tellDrained(pr)
	if kept == 0 {
		p.startMoves()
	}
}

// sweepPins drops the pins of flows that have ended, and asks and tells again where that is overdue.
func (p *Primary) sweepPins() {
	p.startMoves()
	for _, pr := range p.served {
		p.tellDrained(pr)
		if p.table.Pinned(uint8(pr.id)) == 0 || pr.asked {
			continue
		}
		stamp := p.table.Stamp()
		p.askSettled(pr, func(flows []dispatch.Flow, err error) {
			if err == nil {
				p.table.Sweep(uint8(pr.id), flows, stamp)
			}
			p.startMoves() // those that came meanwhile
		})
	}
}

// after runs f in the poll loop when d has passed, if pr is still the same secondary then.
func (p *Primary) after(d time.Duration, pr *proc, f func()) {
	s := pr.session
	time.AfterFunc(d, func() { p.doFor(pr, s, f) })
}

// doFor runs f in the poll loop if pr is live and s is still its session.
func (p *Primary) doFor(pr *proc, s *session, f func()) {
	p.do(func() {
		if pr.session == s && pr.state == stateLive {
			f()
		}
	})
}

// askSettled asks a secondary for its flows such that none is missing whose first frame was
// dispatched before. It asks twice: before the first answer the secondary has taken in all those
// frames, and by the second its stack has made connections of them.
func (p *Primary) askSettled(pr *proc, done func([]dispatch.Flow, error)) {
	pr.asked = true
	last := func(flows []dispatch.Flow, err error) {
		pr.asked = false
		done(flows, err)
	}
	p.askFlows(pr, func(flows []dispatch.Flow, err error) {
		if err != nil {
			last(nil, err)
			return
		}
		p.after(settle, pr, func() { p.askFlows(pr, last) })
	})
}

// askFlows asks a secondary for all its TCP flows. done runs in the poll loop, unless the secondary
// is gone by then; the answer is decoded outside it.
func (p *Primary) askFlows(pr *proc, done func([]dispatch.Flow, error)) {
	s := pr.session
	err := pr.request(msg.KindFlows, nil, func(payload []byte, err error) {
		go func() {
			var flows []dispatch.Flow
			if err == nil {
				flows, err = parseFlows(payload)
			}
			p.doFor(pr, s, func() { done(flows, err) })
		}()
	})
	if err != nil {
		done(nil, err)
	}
}

func parseFlows(payload []byte) ([]dispatch.Flow, error) {
	list, err := msg.ParseFlows(payload)
	flows := make([]dispatch.Flow, len(list))
	for i, f := range list {
		flows[i] = dispatch.Flow{
			Local: f.Local, LocalPort: f.LocalPort, Remote: f.Remote, RemotePort: f.RemotePort,
			Proto: dispatch.ProtoTCP,
		}
	}
	return flows, err
}
