package primary

import (
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestEndOfAProcessIsSeen(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	start, err := processStart(child.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	s := procState{PID: child.Process.Pid, Start: start}
	p, err := openProcess(s.PID, s.Start)
	if err != nil || !s.lives() {
		t.Fatalf("a process that lives: %v", err)
	}
	if err := p.awaitEnd(time.Now().Add(10 * time.Millisecond)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("at the deadline: %v", err)
	}
	time.AfterFunc(20*time.Millisecond, func() { child.Process.Kill() })
	if err := p.awaitEnd(time.Now().Add(10 * time.Second)); err != nil {
		t.Errorf("when it has ended: %v", err)
	}
	if s.lives() {
		t.Error("it lives before it is reaped")
	}
	child.Wait()
	if _, err := openProcess(s.PID, s.Start); !errors.Is(err, errGone) {
		t.Errorf("open afterwards: %v", err)
	}
	closed := make(chan error)
	p, err = openProcess(os.Getpid(), mustStart(t))
	if err != nil {
		t.Fatal(err)
	}
	go func() { closed <- p.awaitEnd(time.Now().Add(10 * time.Second)) }()
	time.Sleep(time.Millisecond)
	p.close()
	if err := <-closed; !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	unseen, err := openProcess(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unseen.awaitEnd(time.Now()); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a process of another PID namespace: %v", err)
	}
	if _, err := openProcess(os.Getpid(), 1); !errors.Is(err, errGone) {
		t.Errorf("another process with the pid: %v", err)
	}
}

func mustStart(t *testing.T) uint64 {
	t.Helper()
	start, err := processStart(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return start
}
