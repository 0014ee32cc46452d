package primary

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"ringstack/msg"
)

// Connections to the control socket at a time: in all, and of one user, who cannot lock the others out.
const (
	maxSessions  = 512
	maxUserShare = maxSessions / 2
)

// accept serves the control socket until ctx is done, then closes all connections and waits for
// their goroutines.
func (p *Primary) accept(ctx context.Context) {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	stop := context.AfterFunc(ctx, func() { p.socket.Close() })
	defer stop()
	open := visitors{of: make(map[int]int)}
	for {
		c, err := p.socket.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			p.log.Warn().Err(err).Msg("control socket")
			time.Sleep(10 * time.Millisecond) // out of descriptors: let some go
			continue
		}
		s, err := p.welcome(c, &open)
		if err != nil {
			s.refuse(err)
			c.Close()
			continue
		}
		sessions.Go(func() {
			defer open.leave(s.peer.uid)
			defer c.Close()
			stop := context.AfterFunc(ctx, func() { c.Close() })
			defer stop()
			p.serveSession(s)
		})
	}
}

// welcome finds out who has connected and counts the connection, unless there are too many.
func (p *Primary) welcome(c *net.UnixConn, open *visitors) (*session, error) {
	s := &session{p: p, conn: msg.NewConn(c)}
	cred, err := peerOf(c)
	if err != nil {
		return s, err
	}
	s.peer = peer{pid: int(cred.Pid), uid: int(cred.Uid)}
	return s, open.enter(s.peer.uid)
}

// visitors counts the open connections of each user.
type visitors struct {
	mu  sync.Mutex
	all int
	of  map[int]int
}

func (v *visitors) enter(uid int) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.all >= maxSessions:
		return msg.Errorf(syscall.EUSERS, "the control socket has all of its %d connections: try again when one has ended", maxSessions)
	case v.of[uid] >= maxUserShare:
		return msg.Errorf(syscall.EUSERS, "uid %d has all of its %d connections: try again when one has ended", uid, maxUserShare)
	}
	v.all++
	v.of[uid]++
	return nil
}

func (v *visitors) leave(uid int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all--
	if v.of[uid]--; v.of[uid] == 0 {
		delete(v.of, uid)
	}
}
