package testenv

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long to wait for what should take well under a second.
const patience = 20 * time.Second

// Command is a program to be run.
type Command struct {
	Path         string
	Args         []string
	Env          []string // beside the test's own
	Unprivileged bool     // as Nobody, without capabilities
}

// Process is a program under test. It is killed when the test ends.
type Process struct {
	*exec.Cmd
	e      *Env
	log    lockedBuffer
	exited chan struct{}
	err    error // of Wait, after exited
}

// Run starts a program.
func (e *Env) Run(c Command) *Process {
	e.t.Helper()
	p := &Process{Cmd: exec.Command(c.Path, c.Args...), e: e, exited: make(chan struct{})}
	p.Cmd.Stdout, p.Cmd.Stderr = &p.log, &p.log
	p.Cmd.Env = append(os.Environ(), c.Env...)
	p.Cmd.SysProcAttr = new(syscall.SysProcAttr)
	if c.Unprivileged {
		p.Cmd.SysProcAttr.Credential = &syscall.Credential{Uid: Nobody, Gid: Nobody}
	}
	if err := p.Cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	go func() {
		p.err = p.Cmd.Wait()
		close(p.exited)
	}()
	e.t.Cleanup(func() {
		p.Stop()
		if e.t.Failed() {
			p.show()
		}
	})
	return p
}

// show shows the end of what the program has printed, or keeps all of it in a file.
func (p *Process) show() {
	name := filepath.Base(p.Path)
	if p.e.logs == "" {
		p.e.t.Logf("--- %s\n%s", name, tail(p.log.String(), 40))
		return
	}
	file := filepath.Join(p.e.logs, fmt.Sprintf("%s-%d.log", name, p.Cmd.Process.Pid))
	if err := os.WriteFile(file, []byte(p.log.String()), 0o644); err != nil {
		p.e.t.Error(err)
	}
}

// Log returns what the program has printed.
func (p *Process) Log() string { return p.log.String() }

// WaitLog waits until the program has printed text. It fails the test when the program ends before.
func (p *Process) WaitLog(text string) {
	p.e.t.Helper()
	if !p.AwaitLog(text) {
		p.e.t.Fatalf("%s ended (%v) without %q:\n%s", filepath.Base(p.Path), p.err, text, p.Log())
	}
}

// AwaitLog waits until the program has printed text, or has ended without (false). A program that does neither fails the test.
func (p *Process) AwaitLog(text string) bool {
	p.e.t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(p.Log(), text); time.Sleep(5 * time.Millisecond) {
		select {
		case <-p.exited:
			return strings.Contains(p.Log(), text)
		default:
		}
		if time.Now().After(deadline) {
			p.e.t.Fatalf("%s has not printed %q:\n%s", filepath.Base(p.Path), text, p.Dump())
		}
	}
	return true
}

// Dump has the program, which hangs, print where its goroutines are and end. It returns its log.
func (p *Process) Dump() string {
	p.signal(syscall.SIGQUIT)
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.Kill()
	}
	return p.Log()
}

// Kill ends the program with SIGKILL and waits for its end.
func (p *Process) Kill() {
	p.Cmd.Process.Kill() // fails only when it has ended
	<-p.exited
}

// Stop ends the program with SIGTERM and returns how it ended. One that does not go is dumped.
func (p *Process) Stop() error {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		return p.err
	case <-time.After(patience):
		return fmt.Errorf("%s did not stop on SIGTERM:\n%s", filepath.Base(p.Path), p.Dump())
	}
}

// signal sends a signal that ends the program, also when it is stopped. It fails only when the program has ended.
func (p *Process) signal(s syscall.Signal) {
	p.Cmd.Process.Signal(s)
	p.Cmd.Process.Signal(syscall.SIGCONT)
}

// Exited is closed when the program has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// tail returns the last n lines of text.
func tail(text string, n int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "")
}

// lockedBuffer is a bytes.Buffer that may be read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
