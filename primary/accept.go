package primary

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"ringstack/internal/uds"
	"ringstack/msg"
)

// maxSessions is how many connections the control socket has at a time.
const maxSessions = 512

// descriptorPause is between two looks whether there are descriptors again.
const descriptorPause = 10 * time.Millisecond

// accept serves the control socket until ctx is done, then closes all connections and waits for
// their goroutines.
func (p *Primary) accept(ctx context.Context) {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	stop := context.AfterFunc(ctx, func() { p.socket.Close() })
	defer stop()
	open := uds.NewVisitors(maxSessions)
	for failing := false; ; {
		c, err := p.socket.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			if !failing {
				p.log.Warn().Err(err).Msg("the control socket takes no connections")
			}
			failing = true
			time.Sleep(descriptorPause) // let some go
			continue
		}
		if failing {
			p.log.Info().Msg("the control socket takes connections again")
			failing = false
		}
		s, err := p.welcome(c, open)
		if err != nil {
			s.refuse(err)
			c.Close()
			continue
		}
		sessions.Go(func() {
			defer open.Leave(s.peer.uid)
			defer c.Close()
			stop := context.AfterFunc(ctx, func() { c.Close() })
			defer stop()
			p.serveSession(s)
		})
	}
}

// welcome finds out who has connected and counts the connection, unless there are too many.
func (p *Primary) welcome(c *net.UnixConn, open *uds.Visitors) (*session, error) {
	s := &session{p: p, conn: msg.NewConn(c), gone: make(chan struct{})}
	cred, err := uds.Peer(c)
	if err != nil {
		return s, err
	}
	s.peer = peer{pid: int(cred.Pid), uid: int(cred.Uid)}
	return s, open.Enter(s.peer.uid)
}
