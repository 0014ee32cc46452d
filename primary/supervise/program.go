package supervise

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// program is what a keeper runs.
type program struct {
	command []string
	env     []string
	dir     string // "": that of the supervisor

	// What a program has less than the supervisor.
	user   *syscall.Credential // nil: the supervisor's
	lcores []int               // the CPUs that it may run on; none: all
}

// start runs the program in a process group of its own, so that a signal reaches all of it, and none
// of a terminal's does. Its standard input is empty, its output that of the supervisor. atEnd, if not
// nil, is called when it has ended, before anybody else sees that.
func (p *program) start(atEnd func()) (*child, error) {
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Env, cmd.Dir = p.env, p.dir
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: p.user}
	err := onOwnThread(func() error {
		if err := p.confine(); err != nil {
			return err
		}
		return cmd.Start()
	})
	if err != nil {
		return nil, err
	}
	return newChild(cmd, atEnd), nil
}

// confine prepares the calling thread, of which the process inherits.
func (p *program) confine() error {
	if p.user != nil {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("give up privileges: %w", err)
		}
	}
	if len(p.lcores) == 0 {
		return nil
	}
	var cpus unix.CPUSet
	for _, lcore := range p.lcores {
		cpus.Set(lcore)
	}
	if err := unix.SchedSetaffinity(0, &cpus); err != nil {
		return fmt.Errorf("pin to lcores %v: %w", p.lcores, err)
	}
	return nil
}

// onOwnThread runs f on a thread that nothing else runs on, before or after.
func onOwnThread(f func() error) error {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		failed <- f()
	}()
	return <-failed
}

// hideDescriptors makes sure that no process inherits a descriptor which the supervisor was given
// itself. Those that Go opens are closed in any case.
func hideDescriptors() error {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	const firstOther = 3 // after standard input, output and error
	for _, entry := range open {
		var fd int
		if _, err := fmt.Sscan(entry.Name(), &fd); err == nil && fd >= firstOther {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}
