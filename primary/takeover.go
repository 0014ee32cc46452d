package primary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"ringstack/internal/lock"
	"ringstack/msg"
)

// takeoverTimeout is how long a primary that is asked to stop may take.
const takeoverTimeout = 10 * time.Second

// lockPause is between two looks whether it has.
const lockPause = 2 * time.Millisecond

// takeOver asks the primary that serves the control socket, if there is one, to stop. It comes after everything that can be checked
// while that one still serves.
func (p *Primary) takeOver() error {
	if !p.cfg.Takeover {
		return nil
	}
	for _, check := range []func() error{p.checkLcore, p.checkInterfaces, p.checkLocks, p.checkHandover} {
		if err := check(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), takeoverTimeout)
	defer cancel()
	client, _, err := msg.Dial(ctx, p.cfg.DPDK.ControlSocket, msg.Hello{Role: msg.RoleTool})
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		p.log.Info().Msg("there is no primary to take over from")
		return nil
	}
	if err == nil {
		defer client.Close()
		err = client.Call(ctx, msg.KindTakeover, nil, nil)
	}
	if errors.Is(err, io.EOF) { // it was just going
		return nil
	}
	return err
}

// takeRunDirLock takes the lock of the run directory: at once or, when a primary has been asked to go, when it has.
func (p *Primary) takeRunDirLock(dir string) (*lock.Lock, error) {
	var asked lock.Holder
	for deadline := time.Now().Add(takeoverTimeout); ; time.Sleep(lockPause) {
		l, err := lock.Take(dir, "lock", lock.Self(p.cfg.DPDK.FilePrefix))
		var held *lock.HeldError
		if errors.As(err, &held) && asked == (lock.Holder{}) {
			asked = held.Holder
		}
		switch {
		case err == nil || !errors.As(err, &held):
			return l, err
		case !p.cfg.Takeover:
			return nil, fmt.Errorf("a primary with file_prefix=%s runs already, pid %s: stop it, take over from it (--takeover), or choose another file_prefix",
				p.cfg.DPDK.FilePrefix, held.PID())
		case held.Holder != (lock.Holder{}) && held.Holder != asked:
			return nil, fmt.Errorf("another primary with file_prefix=%s, pid %s, has taken over meanwhile", p.cfg.DPDK.FilePrefix, held.PID())
		case time.Now().After(deadline):
			return nil, fmt.Errorf("the primary with file_prefix=%s, pid %s, was asked to stop and has not within %v", p.cfg.DPDK.FilePrefix, held.PID(), takeoverTimeout)
		}
	}
}

// handOver stops this primary for another one that the tool is about to start.
func (p *Primary) handOver(s *session, m msg.Message) {
	if err := p.mayGo(s.peer.uid); err != nil {
		s.answer(m, answer{err: err})
		return
	}
	p.log.Info().Int("pid", s.peer.pid).Msg("another primary takes over")
	s.answer(m, answer{}) // if it does not arrive, the other one finds the lock free all the same
	p.stop()
}

// mayGo refuses to stop for a user who has no right to that, and where it would be in vain.
func (p *Primary) mayGo(uid int) error {
	switch {
	case uid != 0 && uid != p.uid:
		return msg.Errorf(syscall.EPERM, "uid %d may not take over from a primary of uid %d", uid, p.uid)
	case p.cfg.Managed != nil && p.cfg.Managed():
		return msg.Errorf(syscall.EBUSY, "the primary that runs would be started again by what has started it: have that restart it (ff restart primary, or systemctl restart)")
	case p.cfg.DPDK.NoHuge:
		return nil
	}
	var err error
	p.do(func() {
		if pr := p.anyStalled(); pr != nil {
			err = msg.Errorf(syscall.EBUSY, "proc %d, pid %d, has stalled and would keep its hugepages from the next primary: kill it first", pr.id, pr.peer.pid)
		}
	})
	return err
}

func (p *Primary) anyStalled() *proc {
	for _, pr := range p.served {
		if pr.pulse.stalled {
			return pr
		}
	}
	return nil
}
