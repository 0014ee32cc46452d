package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
	"ringstack/secondary"
)

// patient visitors of httpds come a hundred a second, each on a connection of its own, and put up with a SYN that is lost several times.
func patientLoad(t *testing.T, e *testenv.Env) *load {
	const visitors, pause = 10, 100 * time.Millisecond
	return startLoad(t, e, errand{80, 15 * time.Second, pause, askPage}, 0, visitors)
}

// request is one to an httpd that takes its time.
type request struct{ net.Conn }

// begin sends a part of a request: the connection is not idle, and its server not done, before finish.
func begin(t *testing.T, e *testenv.Env) request {
	t.Helper()
	r := request{open(t, e, "tcp", 80)}
	if _, err := io.WriteString(r, "GET / HTTP/1.0\r\n"); err != nil {
		t.Fatal(err)
	}
	return r
}

// finish sends the rest, wants an answer and the end of the connection, and returns the proc that the answer names.
func (r request) finish(t *testing.T) (proc int) {
	t.Helper()
	r.SetDeadline(time.Now().Add(answerWithin))
	if _, err := io.WriteString(r, "\r\n"); err != nil {
		t.Fatal(err)
	}
	reply, err := io.ReadAll(r)
	_, body, _ := strings.Cut(string(reply), "\r\n\r\n")
	if _, scanErr := fmt.Sscanf(body, "hello from proc %d\n", &proc); err != nil || scanErr != nil {
		t.Fatalf("%q, %v", reply, err)
	}
	r.Close()
	return proc
}

// wantDrops waits until new connections have been dropped since nobody takes them.
func wantDrops(t *testing.T, tool *msg.Client) {
	t.Helper()
	before := testenv.Stats(t, tool)["drop.draining"]
	testenv.Eventually(t, 5*time.Second, "new connections are dropped", func() bool {
		return testenv.Stats(t, tool)["drop.draining"] > before
	})
}

// TestNewBinaryTakesOver starts the successor of the only secondary while that drains: nobody is refused.
func TestNewBinaryTakesOver(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	tool := e.Tool()
	old := e.Secondary(httpd, "--drain", "20s")
	l := patientLoad(t, e)
	l.wantMore(t, 50)
	slow := begin(t, e)
	signal(t, old, syscall.SIGTERM)
	wantProc(t, e, 0, "draining")
	wantDrops(t, tool)
	e.Secondary(httpd)
	l.wantMore(t, 200)
	wantProc(t, e, 0, "draining")
	if p := wantProc(t, e, 1, "live"); !p.Leader {
		t.Error("the one that drains leads")
	}
	if proc := slow.finish(t); proc != 0 {
		t.Errorf("proc %d has finished what proc 0 began", proc)
	}
	wantExit(t, old, 0, "serves")
	l.wantMore(t, 50)
	l.stop()
	l.wantNoFailure(t)
	awaitBalance(t, tool, old.Cmd.Process.Pid)
	t.Logf("%d connections; the longest wait for an answer took %v", l.connections.Load(), time.Duration(l.slowest.Load()))
}

// TestDrainOutlivesThePrimary kills the primary while a secondary drains. Under the next one it goes on draining, whether that knows of it or not.
func TestDrainOutlivesThePrimary(t *testing.T) {
	for name, state := range map[string]func(file string) error{
		"state file":    func(string) error { return nil },
		"no state file": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			e := testenv.New(t, testenv.Config{})
			old := e.Secondary(httpd, "--drain", "30s")
			slow := begin(t, e)
			signal(t, old, syscall.SIGTERM)
			wantProc(t, e, 0, "draining")
			l := patientLoad(t, e)
			wantDrops(t, e.Tool())
			e.Kill()
			if err := state(filepath.Join(e.RunDir(), "state")); err != nil {
				t.Fatal(err)
			}
			e.Start()
			wantProc(t, e, 0, "draining")
			wantDrops(t, e.Tool())
			e.Secondary(httpd)
			l.wantMore(t, 20)
			slow.finish(t)
			wantExit(t, old, 0, "serves")
			l.stop()
			l.wantNoFailure(t)
		})
	}
}

// TestShutdownWhileThePrimaryStarts stops one of two secondaries when it has said hello to the next primary, which does not answer yet.
func TestShutdownWhileThePrimaryStarts(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	leaves := e.Secondary(httpd, "--drain", "10s")
	e.Secondary(httpd)
	wantSettled(t, e.Tool())
	l := patientLoad(t, e)
	l.wantMore(t, 50)
	e.Kill()
	e.LaunchPrimary()
	e.Primary.WaitLog(`up step="control socket"`)
	time.Sleep(50 * time.Millisecond) // for the hello
	signal(t, leaves, syscall.SIGTERM)
	e.Primary.WaitLog(testenv.Ready)
	wantExit(t, leaves, 0, "serves")
	l.wantMore(t, 100)
	l.stop()
	l.wantNoFailure(t)
}

// TestFFDrain ends programs that have nothing to do with it, with a limit.
func TestFFDrain(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	idle, busy, frozen := e.Secondary(echo), e.Secondary(echo), e.Secondary(echo)
	order(t, e, "drain", "-p", "0")
	wantExit(t, idle, 0, "serves")

	signal(t, frozen, syscall.SIGSTOP)
	got := runFF(t, e, "drain", "-p", "2", "--timeout", "100ms")
	want := fmt.Sprintf("ff: proc 2 was told to go and does not let go: kill pid %d\n", frozen.Cmd.Process.Pid)
	if got.Code != 1 || got.Stderr != want {
		t.Errorf("a frozen one: %+v", got)
	}
	frozen.Kill()

	c := open(t, e, "tcp", 7)
	if answer, err := exchange(c, "hello"); err != nil || answer != "hello" {
		t.Fatalf("%q, %v", answer, err)
	}
	stranger := testenv.Finish(t, testenv.Command{
		Path: "setpriv", Args: []string{
			"--reuid=12345", "--regid=65534", "--clear-groups", testenv.Build(t, "ringstack/tools/ff"), "--socket", e.Socket, "drain", "-p", "1",
		},
	})
	if stranger.Code != 1 || stranger.Stderr != "ff: proc 1 runs as uid 65534: only that user and root may drain it\n" {
		t.Errorf("a stranger: %+v", stranger)
	}
	begun := time.Now()
	drained := make(chan testenv.Result, 1)
	go func() { drained <- runFF(t, e, "drain", "-p", "1", "--timeout", "1s") }()
	wantProc(t, e, 1, "draining")
	if answer, err := exchange(c, "again"); err != nil || answer != "again" {
		t.Errorf("while it drains: %q, %v", answer, err)
	}
	if got := <-drained; got.Code != 0 || got.Stderr != "" || time.Since(begun) < time.Second {
		t.Errorf("after %v: %+v", time.Since(begun), got)
	}
	wantExit(t, busy, 0, "serves")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"drain", "-p", "1"}, "ff: no secondary has proc id 1\n"},
		{[]string{"drain"}, "ff: name the secondary: ff ps lists them, --proc takes one; see \"ff help drain\"\n"},
	} {
		if got := runFF(t, e, c.args...); got.Code == 0 || got.Stderr != c.want {
			t.Errorf("%v: %+v", c.args, got)
		}
	}
}

// TestShutdown ends secondaries by the SDK's call.
func TestShutdown(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	serve := func() (*secondary.Secondary, net.Conn) {
		s := attach(t, e, "g")
		go answerAll(listen(t, s, ":80"), "g")
		c := open(t, e, "tcp", 80)
		wantAnswer(t, c, "g hello")
		return s, c
	}
	end := func(s *secondary.Secondary, limit time.Duration) (time.Duration, error) {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		begun := time.Now()
		err := s.Shutdown(ctx)
		<-s.Draining()
		if s.Err() != secondary.ErrClosed {
			t.Errorf("it has ended: %v", s.Err())
		}
		return time.Since(begun), err
	}

	s, _ := serve()
	took, err := end(s, 300*time.Millisecond)
	if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "shut down: open connections: 1: context deadline exceeded" || took < 300*time.Millisecond {
		t.Errorf("a connection that stays: %v after %v", err, took)
	}
	if took, err := end(s, time.Second); err != nil || took > time.Second/2 {
		t.Errorf("again: %v after %v", err, took)
	}

	s, c := serve()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if took, err := end(s, 10*time.Second); err != nil || took > 5*time.Second {
				t.Errorf("a connection that ends: %v after %v", err, took)
			}
		})
	}
	<-s.Draining()
	wantAnswer(t, c, "g hello")
	c.Close()
	both.Wait()

	s = attach(t, e, "g")
	l := listen(t, s, ":80")
	c = open(t, e, "tcp", 80)
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	if _, err := io.ReadAll(c); err != nil {
		t.Fatal(err)
	}
	if took, err := end(s, 10*time.Second); err != nil || took < time.Second || took > 5*time.Second {
		t.Errorf("a connection that the peer does not end: %v after %v", err, took)
	}

	s = attach(t, e, "")
	listen(t, s, ":81")
	e.Kill()
	if took, err := end(s, 10*time.Second); err != nil || took > 5*time.Second {
		t.Errorf("while there is no primary: %v after %v", err, took)
	}
}
