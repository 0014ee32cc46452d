package supervise

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"ringstack/internal/uds"
	"ringstack/msg"
)

// Limits of the supervisor's socket.
const (
	maxSessions  = 64
	helloTimeout = 5 * time.Second
	sendTimeout  = 5 * time.Second
	toolIdle     = 5 * time.Minute // a tool that asks nothing for so long is disconnected
	acceptPause  = 10 * time.Millisecond
)

// errStops is the answer to what comes, or is under way, while the supervisor stops.
var errStops = msg.Errorf(syscall.ESHUTDOWN, "the supervisor stops")

// accept serves the socket until ctx is done, then waits for what is under way.
func (s *Supervisor) accept(ctx context.Context) {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	stop := context.AfterFunc(ctx, func() { s.socket.Close() })
	defer stop()
	open := uds.NewVisitors(maxSessions)
	for failing := false; ; {
		c, err := s.socket.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil && !failing {
			s.log.Warn().Err(err).Msg("the supervisor's socket takes no connections")
		}
		if failing = err != nil; failing {
			time.Sleep(acceptPause) // out of descriptors: let some go
			continue
		}
		conn, uid, err := welcome(c, open)
		if err != nil {
			refuse(conn, err)
			c.Close()
			continue
		}
		sessions.Go(func() {
			defer open.Leave(uid)
			defer c.Close()
			stop := context.AfterFunc(ctx, func() { c.CloseRead() })
			defer stop()
			s.serve(ctx, conn, uid)
		})
	}
}

// welcome finds out who has connected and counts the connection, unless there are too many.
func welcome(c *net.UnixConn, open *uds.Visitors) (conn *msg.Conn, uid int, err error) {
	conn = msg.NewConn(c)
	peer, err := uds.Peer(c)
	if err != nil {
		return conn, 0, err
	}
	uid = int(peer.Uid)
	return conn, uid, open.Enter(uid)
}

// serve answers a tool of the user uid until it closes.
func (s *Supervisor) serve(ctx context.Context, conn *msg.Conn, uid int) {
	m, err := conn.RecvRequest(time.Now().Add(helloTimeout))
	if err == nil {
		err = checkHello(&m)
	}
	if err != nil {
		refuse(conn, err)
		return
	}
	for answer := any(nil); ; answer = s.answer(ctx, uid, &m) {
		if reply(conn, m.Header, answer) != nil {
			return
		}
		m, err = conn.RecvRequest(time.Now().Add(toolIdle))
		if ctx.Err() != nil {
			err = errStops
		}
		if err != nil {
			refuse(conn, err)
			return
		}
	}
}

func checkHello(m *msg.Message) error {
	var hello msg.Hello
	if m.Kind != msg.KindHello {
		return msg.Errorf(syscall.EPROTO, "say hello first, not %v", m.Kind)
	}
	if err := m.Decode(&hello); err != nil {
		return msg.Errorf(syscall.EPROTO, "%v", err)
	}
	if hello.Version != msg.Version {
		return msg.Errorf(syscall.EPROTO, "protocol version %d, but the supervisor speaks %d: use programs built from one release",
			hello.Version, msg.Version)
	}
	if hello.Role != msg.RoleTool {
		return msg.Errorf(syscall.EPROTO, "this is the supervisor, not the primary: attach at control.sock")
	}
	return nil
}

// reply sends what answers a request, which may be an error.
func reply(conn *msg.Conn, h msg.Header, answer any) error {
	h = msg.Header{ID: h.ID, Kind: h.Kind}
	deadline := time.Now().Add(sendTimeout)
	if err, ok := answer.(error); ok {
		return conn.SendError(h, err, deadline)
	}
	return conn.Send(h, answer, deadline)
}

// refuse tells a peer whose connection is about to be closed why.
func refuse(conn *msg.Conn, err error) {
	conn.SendError(msg.Header{Kind: msg.KindDetach}, err, time.Now().Add(sendTimeout))
}
