package supervise

import (
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// child is a process that has been started.
type child struct {
	pid   int
	since time.Time
	live  chan struct{} // closed when it does its work, by who watches it
	ended chan struct{} // closed when it and all of its process group have ended
	end   string        // how, once ended: "exit status 1", "signal: killed"

	mu     sync.Mutex
	reaped bool // its pid may be another's
}

func newChild(cmd *exec.Cmd, atEnd func()) *child {
	c := &child{
		pid: cmd.Process.Pid, since: time.Now(),
		live: make(chan struct{}), ended: make(chan struct{}),
	}
	go func() {
		defer close(c.ended)
		awaitEnd(c.pid)
		c.signal(syscall.SIGKILL) // to what it leaves behind
		c.reap(cmd)
		if atEnd != nil {
			atEnd()
		}
	}()
	return c
}

func (c *child) reap(cmd *exec.Cmd) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cmd.Wait() // the state tells more than the error
	c.end, c.reaped = cmd.ProcessState.String(), true
}

// awaitEnd waits until a process has ended, and leaves it to be waited for.
func awaitEnd(pid int) {
	for {
		if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			return
		}
	}
}

// signal sends a signal to the whole process group, unless the child has ended.
func (c *child) signal(sig syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		syscall.Kill(-c.pid, sig) // the group is ours
	}
}
