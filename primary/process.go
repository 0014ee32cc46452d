package primary

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// errGone: the process has ended, and another may have its pid.
var errGone = errors.New("it has ended")

// process is a hold of a running process that outlives its pid. The zero value is of one that cannot be seen from here; nil can be closed, too.
type process struct {
	fd *os.File // pidfd_open(2); nil: none
}

// openProcess takes hold of the process that had pid and began at start, see processStart. errGone: it is no more. pid 0 is that of a
// process in a PID namespace that this one cannot see.
func openProcess(pid int, start uint64) (*process, error) {
	if pid == 0 {
		return new(process), nil
	}
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err == unix.ESRCH {
		return nil, errGone
	}
	if err != nil {
		return new(process), nil // an old kernel: it is not known when it ends
	}
	p := &process{os.NewFile(uintptr(fd), "pidfd")}
	if now, err := processStart(pid); !isShort(err) && (err != nil || now != start) {
		p.close()
		return nil, errGone
	}
	return p, nil
}

// awaitEnd returns nil when the process has ended, os.ErrDeadlineExceeded at the deadline, or os.ErrClosed after close.
func (p *process) awaitEnd(deadline time.Time) error {
	if p.fd == nil {
		time.Sleep(time.Until(deadline))
		return os.ErrDeadlineExceeded
	}
	if err := p.fd.SetReadDeadline(deadline); err != nil {
		return err
	}
	raw, err := p.fd.SyscallConn()
	if err != nil {
		return err
	}
	if err := raw.Read(hasEnded); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return os.ErrClosed
}

// hasEnded reports whether a pidfd's process has ended, reaped or not.
func hasEnded(fd uintptr) bool {
	pidfd := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(pidfd, 0)
	return err == nil && n > 0
}

// lives reports whether a secondary's process has not ended.
func (s *procState) lives() bool {
	p, err := openProcess(s.PID, s.Start)
	if err != nil {
		return false
	}
	defer p.close()
	return p.fd == nil || !hasEnded(p.fd.Fd())
}

func (p *process) close() {
	if p != nil && p.fd != nil {
		p.fd.Close()
	}
}

// processStart returns when a process began, in clock ticks since boot: with its pid that is like no other process (proc_pid_stat(5),
// field 22). 0 is for a process that cannot be seen.
func processStart(pid int) (uint64, error) {
	if pid == 0 {
		return 0, nil
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ") // the name before may hold anything
	const field = 22 - 3
	fields := strings.Fields(rest)
	if len(fields) <= field {
		return 0, fmt.Errorf("read start of process %d: %w", pid, syscall.EINVAL)
	}
	return strconv.ParseUint(fields[field], 10, 64)
}
