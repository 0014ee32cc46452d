package primary

import (
	"errors"
	"slices"
	"syscall"
	"time"

	"ringstack/dispatch"
	"ringstack/msg"
)

// maxPorts is how many ports a secondary may listen on.
const maxPorts = 256

// answerSecondary answers a request that came over a secondary's life line.
func (p *Primary) answerSecondary(pr *proc, m *msg.Message) answer {
	switch m.Kind {
	case msg.KindReady:
		return answer{}
	case msg.KindListen, msg.KindUnlisten:
		var req msg.PortRequest
		if err := m.Decode(&req); err != nil {
			return answer{err: err}
		}
		return p.inLoop(pr, func() answer { return p.changePort(pr, m.Kind, req) })
	case msg.KindLease:
		return p.inLoop(pr, func() answer {
			first, n, err := p.table.Lease(uint8(pr.id))
			return answer{msg.LeaseReply{First: first, N: n}, err}
		})
	case msg.KindDrain:
		return p.inLoop(pr, func() answer {
			p.startDrain(pr, time.Time{})
			return answer{}
		})
	}
	return answer{err: msg.Errorf(syscall.ENOSYS, "a secondary cannot ask for %v", m.Kind)}
}

// inLoop runs f, which changes what is kept for the secondary, in the poll loop if the secondary is still live. The answer counts under
// the next primary, too.
func (p *Primary) inLoop(pr *proc, f func() answer) (a answer) {
	a.err = msg.Errorf(syscall.ESHUTDOWN, "the secondary is detached")
	p.do(func() {
		if pr.state == stateLive {
			a = f()
			p.keeper.changed()
		}
	})
	p.keeper.wait()
	return a
}

// changePort lets a secondary listen on a port, or not any more.
func (p *Primary) changePort(pr *proc, kind msg.Kind, req msg.PortRequest) answer {
	if kind == msg.KindUnlisten {
		p.unlisten(pr, req)
	} else if err := p.listen(pr, req); err != nil {
		return answer{err: err}
	}
	p.startMoves()
	return answer{}
}

func (p *Primary) unlisten(pr *proc, req msg.PortRequest) {
	p.table.Unlisten(req.Proto, req.Port, uint8(pr.id))
	pr.ports = slices.DeleteFunc(pr.ports, func(other msg.PortRequest) bool { return other == req })
}

// listen does nothing for a port that the secondary listens on: it asks again where a primary has died before it answered.
func (p *Primary) listen(pr *proc, req msg.PortRequest) error {
	switch {
	case slices.Contains(pr.ports, req):
		return nil
	case len(pr.ports) >= maxPorts:
		return msg.Errorf(syscall.ENOBUFS, "a secondary listens on %d ports at most", maxPorts)
	}
	err := p.table.Listen(req.Proto, req.Port, pr.peer.groupID, uint8(pr.id))
	if errors.Is(err, dispatch.ErrPortTaken) {
		return msg.Errorf(syscall.EADDRINUSE, "port %d is taken by another group: ff ps shows by which", req.Port)
	}
	if err == nil {
		pr.ports = append(pr.ports, req)
	}
	return err
}
