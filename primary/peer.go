package primary

import (
	"errors"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// peer is who is at the other end of a session.
type peer struct {
	pid, uid       int
	start          uint64 // see processStart
	program, group string
	groupID        int
}

// identify takes hold of the process of a secondary that attaches. Where it cannot be told for sure when the process began, no slot is kept
// for it under the next primary.
func (s *session) identify() {
	s.process = peerProcess(s.conn.UnixConn, s.peer.pid)
	s.peer.start, _ = processStart(s.peer.pid)
	if s.process != nil && s.process.use(running) != nil {
		s.peer.start = 0 // that may be of another process
	}
}

// peerProcess takes hold of the process that has connected, and whose pid was this. nil: it cannot be seen.
func peerProcess(c *net.UnixConn, pid int) *process {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	var fd int
	var failed error
	err = raw.Control(func(conn uintptr) {
		fd, failed = unix.GetsockoptInt(int(conn), unix.SOL_SOCKET, unix.SO_PEERPIDFD) // from Linux 6.5 on
	})
	if err == nil && failed == unix.ENOPROTOOPT && pid > 0 {
		fd, failed = unix.PidfdOpen(pid, 0)
	}
	if err != nil || failed != nil {
		return nil
	}
	return &process{os.NewFile(uintptr(fd), "pidfd")}
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
