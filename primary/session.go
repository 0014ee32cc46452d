package primary

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"ringstack/dispatch"
	"ringstack/msg"
	"ringstack/shm"
)

// Limits of the control socket.
const (
	helloTimeout = 5 * time.Second  // from connect to hello
	readyTimeout = 30 * time.Second // from attach to ready: the time to map memory and start a stack
	sendTimeout  = 5 * time.Second
	toolIdle     = 5 * time.Minute // a tool that asks nothing for so long is disconnected
	maxName      = 64              // bytes of a program's or group's name
)

// session is a connection to the control socket. Its goroutine reads; replies and notices are sent
// under the lock.
type session struct {
	p    *Primary
	conn *msg.Conn
	mu   sync.Mutex
	peer peer

	// Of a secondary.
	process *process      // see identify
	gone    chan struct{} // closed when its slot is free again
}

// serveSession takes the hello and does what the caller's role is entitled to.
func (p *Primary) serveSession(s *session) {
	m, err := s.conn.RecvRequest(time.Now().Add(helloTimeout))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = msg.Errorf(syscall.ETIMEDOUT, "no hello came within %v", helloTimeout)
	}
	if err != nil {
		s.refuse(err)
		return
	}
	var hello msg.Hello
	if err := checkHello(&m, &hello); err != nil {
		s.answer(m, answer{err: err})
		return
	}
	s.peer.program, s.peer.group = hello.Program, hello.Group
	if s.peer.group == "" {
		s.peer.group = hello.Program
	}
	if hello.Role == msg.RoleTool {
		p.serveTool(s, m.Header)
		return
	}
	p.serveSecondary(s, m.Header, &hello)
}

func checkHello(m *msg.Message, hello *msg.Hello) error {
	if m.Kind != msg.KindHello {
		return msg.Errorf(syscall.EPROTO, "say hello first, not %v", m.Kind)
	}
	if err := m.Decode(hello); err != nil {
		return msg.Errorf(syscall.EPROTO, "%v", err)
	}
	switch {
	case hello.Version != msg.Version:
		return msg.Errorf(syscall.EPROTO, "protocol version %d, but the primary speaks %d: use programs built from one release",
			hello.Version, msg.Version)
	case hello.Role != msg.RoleTool && hello.Role != msg.RoleSecondary:
		return msg.Errorf(syscall.EPROTO, "unknown role %q", hello.Role)
	case len(hello.Program) > maxName || len(hello.Group) > maxName:
		return msg.Errorf(syscall.ENAMETOOLONG, "names of programs and groups have at most %d bytes", maxName)
	case hello.Role == msg.RoleSecondary && hello.Program == "":
		return msg.Errorf(syscall.EINVAL, "a secondary names its program")
	}
	return checkResume(hello.Resume)
}

// checkResume refuses what no primary can have given.
func checkResume(had *msg.Resume) error {
	if had != nil && (len(had.Ports) > maxPorts || len(had.Leases) > dispatch.MaxLeases) {
		return msg.Errorf(syscall.EINVAL, "a secondary has %d ports and %d leases at most, not %d and %d",
			maxPorts, dispatch.MaxLeases, len(had.Ports), len(had.Leases))
	}
	return nil
}

// serveSecondary attaches a secondary and answers it until its life line closes.
func (p *Primary) serveSecondary(s *session, header msg.Header, hello *msg.Hello) {
	var pr *proc
	var attach shm.Attach
	var fds []int
	err := s.identify()
	defer s.process.close()
	defer close(s.gone)
	if err == nil {
		err = errStops
		p.do(func() { pr, attach, fds, err = p.admit(s, hello) })
	}
	if err != nil {
		s.sendError(msg.Header{ID: header.ID, Kind: header.Kind}, err)
		return
	}
	defer p.do(func() { p.release(pr) })
	if s.reply(header, attach, fds...) != nil {
		return
	}
	m, err := p.awaitReady(s, pr)
	if err != nil {
		return
	}
	var ready msg.Ready
	if err := m.Decode(&ready); err != nil {
		s.answer(m, answer{err: err})
		return
	}
	p.do(func() {
		if pr.state == stateAttaching {
			p.warnUnset(ready.Unset)
			p.enliven(pr)
		}
	})
	p.keeper.wait()
	for err == nil {
		err = s.answer(m, p.answerSecondary(pr, &m))
		if err == nil {
			m, err = s.conn.RecvRequest(time.Time{})
		}
	}
}

// serveTool answers a tool's requests until it closes.
func (p *Primary) serveTool(s *session, hello msg.Header) {
	if s.reply(hello, nil) != nil {
		return
	}
	for {
		m, err := s.conn.RecvRequest(time.Now().Add(toolIdle))
		if err != nil {
			s.refuse(err)
			return
		}
		if m.Kind == msg.KindTakeover {
			p.handOver(s, m)
			return
		}
		if s.answer(m, p.answerTool(s.peer.uid, &m)) != nil {
			return
		}
	}
}

// answer is a reply's payload, or why there is none.
type answer struct {
	payload any
	err     error
}

// answer sends the answer to m. An error means that the connection works no more.
func (s *session) answer(m msg.Message, a answer) error {
	if a.err == nil {
		a.err = s.reply(m.Header, a.payload)
		if !errors.Is(a.err, syscall.EMSGSIZE) {
			return a.err
		}
	}
	return s.sendError(msg.Header{ID: m.ID, Kind: m.Kind}, a.err)
}

func (s *session) reply(h msg.Header, payload any, fds ...int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn.Send(msg.Header{ID: h.ID, Kind: h.Kind}, payload, time.Now().Add(sendTimeout), fds...)
}

// refuse tells a peer whose connection is about to be closed why.
func (s *session) refuse(err error) { s.sendError(msg.Header{Kind: msg.KindDetach}, err) }

// notify tells a secondary that it is let go. One that does not take the notice is as good as gone.
func (s *session) notify(why msg.Detach) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn.Send(msg.Header{Kind: msg.KindDetach}, why, time.Now().Add(sendTimeout))
}

func (s *session) sendError(h msg.Header, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn.SendError(h, err, time.Now().Add(sendTimeout))
}
