package primary

import (
	"encoding/json"
	"syscall"
	"time"

	"ringstack/msg"
)

// drainGrace is how much later the primary ends a drain whose time is over than the secondary itself is to.
const drainGrace = time.Second

// drain is what is known of a secondary that gets no new connections any more.
type drain struct {
	on   bool
	by   time.Time // when it is to have ended; zero: it sees to that itself
	told bool      // that nothing new comes
}

// startDrain gives the buckets of a secondary to the others of its group, and tells it when nothing new comes. It stays until its connections
// have ended or, if by is not zero, until then; a later call may make that earlier.
func (p *Primary) startDrain(pr *proc, by time.Time) {
	if old := pr.drain.by; !by.IsZero() && (old.IsZero() || !by.After(old)) {
		pr.drain.by, pr.drain.told = by, false
		p.after(time.Until(by)+drainGrace, pr, func() { p.endDrain(pr) })
	}
	if !pr.drain.on {
		pr.drain.on = true
		p.logProc(pr).Msg("secondary drains")
	}
	p.table.Drain(uint8(pr.id))
	p.keeper.changed()
	p.nameLeader()
	p.startMoves()
	p.tellDrained(pr)
}

// tellDrained tells a secondary that drains that no new connections come any more, once that is so.
func (p *Primary) tellDrained(pr *proc) {
	if !pr.drain.on || pr.drain.told || p.table.Moving(uint8(pr.id)) > 0 {
		return
	}
	var m msg.Drain
	if by := pr.drain.by; !by.IsZero() {
		m.LeftMS = max(time.Until(by).Milliseconds(), 1)
	}
	p.table.Seal(uint8(pr.id))
	payload, err := json.Marshal(m)
	if err == nil {
		err = pr.request(msg.KindDrain, payload, func([]byte, error) {})
	}
	pr.drain.told = err == nil // else it is tried again, see sweepPins
}

// endDrain tells a secondary to go whose time to drain is over.
func (p *Primary) endDrain(pr *proc) {
	p.logProc(pr).Msg("the time to drain is over: detached")
	p.dismiss(pr, msg.Detach{Reason: "the time to drain is over"})
}

// goOnDraining goes on with the drain of a secondary that comes back, which may have been told by the primary before this one.
func (p *Primary) goOnDraining(pr *proc) {
	if pr.drain.on {
		p.table.Seal(uint8(pr.id))
		p.startDrain(pr, pr.drain.by)
	}
}

// drainFor drains a secondary for a tool of the user uid, and waits until it has let go.
func (p *Primary) drainFor(uid int, m *msg.Message) answer {
	var req msg.DrainRequest
	if err := m.Decode(&req); err != nil {
		return answer{err: msg.Errorf(syscall.EINVAL, "%v", err)}
	}
	if req.TimeoutMS < 1 || req.TimeoutMS > msg.MaxDrainMS {
		return answer{err: msg.Errorf(syscall.EINVAL, "timeout of %d ms: want 1 to %d", req.TimeoutMS, int64(msg.MaxDrainMS))}
	}
	by := time.Now().Add(time.Duration(req.TimeoutMS) * time.Millisecond)
	var s *session
	err := error(errStops)
	p.do(func() { s, err = p.drainOf(uid, req.Proc, by) })
	if err != nil {
		return answer{err: err}
	}
	select {
	case <-s.gone:
		return answer{}
	case <-p.ended:
		return answer{err: errStops}
	case <-time.After(time.Until(by) + drainGrace + detachGrace):
		return answer{err: msg.Errorf(syscall.ETIMEDOUT, "proc %d was told to go and does not let go: kill pid %d", req.Proc, s.peer.pid)}
	}
}

// drainOf starts the drain of the secondary with a proc id, which is the user's or else the user is root.
func (p *Primary) drainOf(uid, id int, by time.Time) (*session, error) {
	procs, err := p.selectProcs(id)
	switch {
	case err != nil:
		return nil, err
	case id == msg.AnyProc:
		return nil, msg.Errorf(syscall.EINVAL, "name one secondary")
	}
	pr := procs[0]
	switch {
	case uid != 0 && uid != pr.peer.uid:
		return nil, msg.Errorf(syscall.EPERM, "proc %d runs as uid %d: only that user and root may drain it", id, pr.peer.uid)
	case pr.state != stateLive:
		return nil, msg.Errorf(syscall.EAGAIN, "proc %d is %v, not live", id, pr.state)
	}
	p.startDrain(pr, by)
	return pr.session, nil
}
