package primary

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/internal/lock"
)

// taker makes a primary that is to take over from the one at a socket in dir.
func taker(t *testing.T, dir string) *Primary {
	t.Helper()
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	p := newIdle(t, 0)
	for !allowed.IsSet(p.cfg.PrimaryLcore) {
		p.cfg.PrimaryLcore++
	}
	p.cfg.Takeover = true
	p.cfg.DPDK.ControlSocket = filepath.Join(dir, "control.sock")
	return p
}

// TestTakeOverFromOneThatIsGoing: it stops to serve its socket before it lets go of the run directory.
func TestTakeOverFromOneThatIsGoing(t *testing.T) {
	p := taker(t, t.TempDir())
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: p.cfg.DPDK.ControlSocket, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.AcceptUnix(); err == nil {
			c.Close()
		}
	}()
	if err := p.takeOver(); err != nil {
		t.Error(err)
	}
}

// TestTwoTakeOver: the slower one is told that it is, at once.
func TestTwoTakeOver(t *testing.T) {
	dir := t.TempDir()
	p := taker(t, dir)
	held, err := lock.Take(dir, "lock", lock.Holder{PID: 11, FilePrefix: "p", Program: "old"})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	failed := make(chan error)
	go func() {
		l, err := p.takeRunDirLock(dir)
		if err == nil {
			l.Release()
			err = errors.New("both have it")
		}
		failed <- err
	}()
	select {
	case err := <-failed:
		t.Fatalf("while the first still goes: %v", err)
	case <-time.After(10 * lockPause):
	}
	for pid := 12; ; pid++ { // again, should it only begin to look now
		if err := os.WriteFile(filepath.Join(dir, "lock"), fmt.Appendf(nil, "%d p faster\n", pid), 0o600); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-failed:
			if !strings.Contains(err.Error(), "has taken over meanwhile") {
				t.Error(err)
			}
			return
		case <-time.After(50 * lockPause):
		}
	}
}
