package primary

import (
	"errors"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/msg"
)

// peer is who is at the other end of a session.
type peer struct {
	pid, uid       int
	start          uint64 // see processStart
	program, group string
	groupID        int
}

// identify takes hold of the process of a secondary that attaches. While there are no descriptors for that, it waits: where it cannot be
// told for sure when the process began, no slot is kept for it under the next primary.
func (s *session) identify() error {
	for deadline := time.Now().Add(helloTimeout); ; time.Sleep(descriptorPause) {
		err := s.findProcess()
		switch {
		case !isShort(err):
			return nil
		case time.Now().After(deadline):
			return msg.Errorf(errnoOf(err), "the primary is out of descriptors: raise its limit, or try again")
		}
	}
}

// findProcess has an error only where it may succeed another time.
func (s *session) findProcess() (err error) {
	if s.process, err = peerProcess(s.conn.UnixConn, s.peer.pid); isShort(err) {
		return err
	}
	if s.peer.start, err = processStart(s.peer.pid); isShort(err) {
		s.process.close()
		return err
	}
	if s.process != nil && s.process.use(running) != nil {
		s.peer.start = 0 // that may be of another process
	}
	return nil
}

// isShort reports whether err is a lack of descriptors.
func isShort(err error) bool { return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) }

// peerProcess takes hold of the process that has connected, and whose pid was this. With an error it cannot be seen.
func peerProcess(c *net.UnixConn, pid int) (*process, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	var failed error
	err = raw.Control(func(conn uintptr) {
		fd, failed = unix.GetsockoptInt(int(conn), unix.SOL_SOCKET, unix.SO_PEERPIDFD) // from Linux 6.5 on
	})
	if err == nil && failed == unix.ENOPROTOOPT && pid > 0 {
		fd, failed = unix.PidfdOpen(pid, 0)
	}
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	return &process{os.NewFile(uintptr(fd), "pidfd")}, nil
}

// errUnseen: the process cannot be seen from here.
var errUnseen = errors.New("its process cannot be seen from here")

// kill sends SIGKILL to the process, and never to another that has its pid by now.
func (p *process) kill() error {
	return p.use(func(fd uintptr) error { return unix.PidfdSendSignal(int(fd), unix.SIGKILL, nil, 0) })
}

// use runs f on the process's pidfd.
func (p *process) use(f func(fd uintptr) error) error {
	if p == nil || p.fd == nil {
		return errUnseen
	}
	raw, err := p.fd.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = f(fd) })
	return errors.Join(err, failed)
}

// running returns errGone when a pidfd's process has ended.
func running(fd uintptr) error {
	if hasEnded(fd) {
		return errGone
	}
	return nil
}
