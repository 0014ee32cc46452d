package primary

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"syscall"
	"time"

	"ringstack/dispatch"
	"ringstack/msg"
	"ringstack/shm"
)

// A secondary that comes back says in its hello what it had, and proves with its ticket who it is. With the ticket of an awaited one it gets
// its slot and all that was kept for it. Without, as when the state file is lost, it gets what nobody else has.

// newTicket returns a text that cannot be guessed.
func newTicket() string { return rand.Text() }

// resumeSlot returns the slot that a secondary had, or else any.
func (p *Primary) resumeSlot(wanted int, ticket string) (*proc, error) {
	if wanted >= 0 && wanted < len(p.procs) {
		pr := p.procs[wanted]
		own := subtle.ConstantTimeCompare([]byte(pr.ticket), []byte(ticket)) == 1
		switch {
		case pr.state == stateFree, pr.state == stateAwaited && own:
			return pr, nil
		case own:
			return nil, msg.Errorf(syscall.EBUSY, "proc id %d: its last connection has not ended yet", wanted)
		}
	}
	return p.freeSlot(msg.AnyProc)
}

// reinstate gives a secondary in pr its leases and ports again, as far as nobody else has them, and enters into a what it has lost.
func (p *Primary) reinstate(pr *proc, had *msg.Resume, a *shm.Attach) {
	id := uint8(pr.id)
	p.table.Await(id)
	if had.Drain != nil && !pr.drain.on {
		pr.drain.on = true
		if left := had.Drain.LeftMS; left > 0 && left <= msg.MaxDrainMS {
			pr.drain.by = time.Now().Add(time.Duration(left) * time.Millisecond)
		}
		p.table.Drain(id)
	}
	for _, first := range p.table.Leases(id) {
		if !slices.Contains(had.Leases, first) {
			p.table.Unlease(id, first)
		}
	}
	var lost []error
	for _, first := range had.Leases {
		if err := p.table.Claim(id, first); err != nil {
			lost = append(lost, err)
			a.LostLeases = append(a.LostLeases, first)
		}
	}
	for _, port := range slices.Clone(pr.ports) {
		if !slices.Contains(had.Ports, port) {
			p.unlisten(pr, port)
		}
	}
	for _, port := range had.Ports {
		if err := p.listen(pr, port); err != nil {
			lost = append(lost, err)
			a.Refused = append(a.Refused, refusal(port, err))
		}
	}
	if len(lost) > 0 {
		p.warnProc(pr).Errs("reasons", lost).Msg("secondary has lost ports")
	}
	p.keeper.changed()
}

func refusal(port msg.PortRequest, err error) shm.Refusal {
	return shm.Refusal{Proto: port.Proto, Port: port.Port, Errno: int32(errnoOf(err)), Error: err.Error()}
}

// report takes the connections that a secondary which comes back says it has.
func (p *Primary) report(pr *proc, m *msg.Message) answer {
	var report msg.FlowReport
	err := m.Decode(&report)
	var flows []dispatch.Claim
	if err == nil {
		flows, err = parseFlows(report.Flows)
	}
	if err != nil {
		return answer{err: msg.Errorf(syscall.EINVAL, "%v", err)}
	}
	a := answer{err: errStops}
	p.do(func() {
		if pr.state != stateAttaching || !pr.resumed {
			a.err = msg.Errorf(syscall.EPROTO, "a secondary reports its connections when it resumes")
			return
		}
		a.err = nil
		if lost := p.table.Adopt(uint8(pr.id), pr.peer.groupID, flows); lost > 0 {
			p.logProc(pr).Int("connections", lost).Msg("the exception table is full: secondary has lost connections")
		}
		p.keeper.changed()
	})
	return a
}

// awaitReady takes what a secondary that attaches reports until it says that it is ready. It has an error when the connection is to be
// closed.
func (p *Primary) awaitReady(s *session, pr *proc) (m msg.Message, err error) {
	for deadline := time.Now().Add(readyTimeout); ; {
		m, err = s.conn.RecvRequest(deadline)
		switch {
		case err != nil:
			return m, err
		case m.Kind == msg.KindReady:
			return m, nil
		case m.Kind != msg.KindResume:
			return m, errors.New("neither ready nor a report")
		}
		if err := s.answer(m, p.report(pr, &m)); err != nil {
			return m, err
		}
	}
}
