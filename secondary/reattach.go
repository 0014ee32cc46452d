package secondary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"time"

	"ringstack/msg"
	"ringstack/shm"
)

// A secondary outlives its primary. When its life line ends, the loop takes what still lies on the rings, lets go of the memory and goes
// on without a device: sockets work as far as they need no packets. A goroutine looks for the next primary, and says who this was and what
// it had. Then the loop gives the engine its devices back.

// The pause between two looks for the next primary is an eighth of the time that there has been none, within these bounds.
const (
	minPause     = 10 * time.Millisecond
	maxPause     = 250 * time.Millisecond
	pauseDivisor = 8
)

// tend attaches again whenever the primary goes, until the secondary ends.
func (s *Secondary) tend(session *session) {
	for {
		<-session.client.Done()
		err := session.client.Err()
		if !comesBack(err) {
			s.end(err)
			return
		}
		s.line.set(nil)
		if !s.do(s.goOffline) {
			return
		}
		session.client.Close() // not before: the primary takes it for the end of all use of its memory
		close(session.over)
		if session, err = s.reattach(err); err != nil {
			s.end(err)
			return
		}
	}
}

// comesBack reports whether a life line that ended with err leaves hope for another: the primary is gone, or said that it stops.
func comesBack(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ESHUTDOWN) || errors.Is(err, syscall.ECONNRESET)
}

// goOffline ends the loop's session.
func (s *Secondary) goOffline() {
	s.left = s.flows() // with those that begin with what lies on the rings
	s.engine.Detach()
	s.letGo()
}

// letGo ends all use of the session's memory.
func (s *Secondary) letGo() {
	for _, d := range slices.Concat(s.devices, s.lasting) {
		d.disconnect()
	}
	s.devices = nil
	s.sleeper.Move(&s.resting)
	s.unmap()
	s.session = nil
}

// goOnline begins a session in the loop. The first one makes the engine.
func (s *Secondary) goOnline(session *session) (err error) {
	s.session = session
	s.count = loopCounters{}
	for i, p := range s.attach.Ports {
		d := s.device(p.ID)
		d.connect(s.rings[i], p.MTU)
		s.devices = append(s.devices, d)
	}
	s.sleeper.Move(&s.slot.Sleep)
	if s.engine == nil {
		s.lasting = slices.Clone(s.devices)
		s.engine, err = newEngine(s.enginePorts())
		return err
	}
	for _, d := range s.lasting {
		if !slices.Contains(s.devices, d) {
			d.unplug()
		}
	}
	s.pin(s.attach.Lcore)
	s.count.dropped = s.engine.Dropped()
	return s.engine.Attach(s.enginePorts())
}

// device returns the device that the engine has for a port, or a new one: what comes by a port that the engine does not know
// is counted there and dropped.
func (s *Secondary) device(port int) *device {
	for _, d := range s.lasting {
		if d.port == port {
			return d
		}
	}
	return newDevice(&s.loop, port)
}

// reattach looks for the next primary. lost is why the last one is not there.
func (s *Secondary) reattach(lost error) (*session, error) {
	ctx := s.ctx
	if limit := s.cfg.ReattachTimeout; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	for since := time.Now(); ; {
		session, err := s.attachAgain(ctx)
		switch {
		case err == nil:
			return session, nil
		case ctx.Err() == nil && !canPass(err):
			return nil, fmt.Errorf("attach again: %w", err)
		}
		pause := min(max(time.Since(since)/pauseDivisor, minPause), maxPause)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the primary is gone: %w: no other has come within %v: %w", lost, s.cfg.ReattachTimeout, err)
		case <-time.After(pause):
		}
	}
}

// canPass reports whether err may be gone when one tries again.
func canPass(err error) bool {
	if absent(err) {
		return true
	}
	for _, sign := range []error{
		syscall.EBUSY, syscall.EUSERS, // its slot is not free yet
		syscall.EACCES, // the new socket does not have its group yet
		syscall.EAGAIN, syscall.ETIMEDOUT, os.ErrDeadlineExceeded, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS,
	} {
		if errors.Is(err, sign) {
			return true
		}
	}
	return false
}

// attachAgain tries once.
func (s *Secondary) attachAgain(ctx context.Context) (next *session, err error) {
	had := msg.Resume{Ticket: s.ticket, Ports: s.ports.list(), Leases: s.leases.list(), Drain: s.drain.tell()}
	defer func() {
		if err != nil && s.drain.said() {
			s.drain.begin() // see drained
		}
	}()
	hello := s.hello
	hello.Proc, hello.Resume = s.ProcID(), &had
	client, reply, err := msg.Dial(ctx, s.cfg.Socket, hello)
	if err != nil {
		return nil, err
	}
	if next, err = openSession(client, reply, s.answer); err != nil {
		err = orGone(client, err)
		client.Close()
		return nil, err
	}
	if err := s.resume(ctx, next, &had); err != nil {
		client.Close()
		return nil, err
	}
	go s.catchUp(&had)
	return next, nil
}

// catchUp tells the primary what has changed since the hello. It is not for the goroutine that sees the end of the session: whoever waits for an
// answer then waits for that.
func (s *Secondary) catchUp(had *msg.Resume) {
	if s.drain.said() {
		s.tell(s.ctx, msg.KindDrain, nil, nil) // fails only when the primary is gone: the next one hears it from the hello
	}
	s.ports.lose(s.ports.update(had.Ports))
}

// noticeTimeout is far more than it takes to find a connection at its end.
const noticeTimeout = time.Second

// orGone returns why the connection to a primary has ended, since what is in the memory of one that has gone means nothing; and err, for which a
// session could not be opened, if the primary is there.
func orGone(client *msg.Client, err error) error {
	select {
	case <-client.Done():
		return client.Err()
	case <-time.After(noticeTimeout):
		return err
	}
}

// resume tells the primary what there is, and goes online. After an error the session is unmapped.
func (s *Secondary) resume(ctx context.Context, session *session, had *msg.Resume) error {
	a := &session.attach
	s.ticket = a.Ticket // at once: the primary may have written it down, and die before this one is ready
	s.proc.Store(int32(a.Proc))
	var flows []byte
	var ready msg.Ready
	ok := s.do(func() {
		flows = s.left
		ready.Unset = s.setSysctls(changed(s.sysctls, a.Sysctls))
	})
	err := error(ErrClosed)
	if ok {
		err = report(ctx, session.client, flows)
	}
	if err == nil {
		err = session.client.Call(ctx, msg.KindReady, ready, nil)
	}
	if err != nil {
		session.unmap()
		return err
	}
	if !s.do(func() { err = s.goOnline(session) }) {
		session.unmap()
		return ErrClosed
	}
	if err != nil {
		s.do(s.goOffline)
		return fmt.Errorf("apply the primary's ports: %w", err)
	}
	s.sysctls = a.Sysctls
	s.leases.keep(had.Leases, a.LostLeases)
	s.ports.lose(a.Refused)
	s.line.set(session)
	return nil
}

// report tells the primary of connections.
func report(ctx context.Context, client *msg.Client, flows []byte) error {
	for part := range slices.Chunk(flows, msg.MaxFlowReport) {
		if err := client.Call(ctx, msg.KindResume, msg.FlowReport{Flows: part}, nil); err != nil {
			return err
		}
	}
	return nil
}

// changed returns the variables that are new or have another value than before: those that are as they were may have been set otherwise
// at run time.
func changed(before, now []shm.Sysctl) (list []shm.Sysctl) {
	for _, v := range now {
		if !slices.Contains(before, v) {
			list = append(list, v)
		}
	}
	return list
}
