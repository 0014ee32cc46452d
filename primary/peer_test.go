package primary

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestKillsNobodyElse: once a process has been waited for, its pid may be another's.
func TestKillsNobodyElse(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	start, err := processStart(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	p, err := openProcess(cmd.Process.Pid, start)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := p.use(running); err != nil {
		t.Error(err)
	}
	if err := p.kill(); err != nil {
		t.Fatal(err)
	}
	var ended *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("it ended: %v", err)
	}
	if err := p.use(running); !errors.Is(err, errGone) {
		t.Errorf("after its end: %v", err)
	}
	if err := p.kill(); !errors.Is(err, unix.ESRCH) {
		t.Errorf("killed again: %v", err)
	}
	var unseen *process
	if err := unseen.kill(); !errors.Is(err, errUnseen) {
		t.Errorf("a process that cannot be seen: %v", err)
	}
}

// TestPeerProcess: who has connected is taken hold of, not who has the pid by now.
func TestPeerProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.DialUnix("unixpacket", nil, l.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	accepted, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	p, err := peerProcess(accepted, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	var pid int
	err = p.use(func(fd uintptr) error {
		if err := running(fd); err != nil {
			return err
		}
		pid, err = pidOf(fd)
		return err
	})
	if err != nil || pid != os.Getpid() {
		t.Errorf("pid %d, %v", pid, err)
	}
}

// pidOf reads the pid of a pidfd (proc_pid_fdinfo(5)).
func pidOf(fd uintptr) (pid int, err error) {
	info, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", fd))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(info), "\nPid:")
	_, err = fmt.Sscan(after, &pid)
	return pid, err
}
