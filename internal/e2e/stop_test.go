package e2e

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// TestPrimaryStops sends the primary the signals that end it in order.
func TestPrimaryStops(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		huge   bool
	}{{syscall.SIGTERM, true}, {syscall.SIGINT, false}} {
		t.Run(c.signal.String(), func(t *testing.T) {
			e := testenv.New(t, testenv.Config{Hugepages: c.huge})
			secondaries := []*testenv.Process{e.Secondary(httpd), e.Secondary(httpd)}
			if err := e.Primary.Cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			wantExit(t, e.Primary, 0, "stopped")
			for _, s := range secondaries {
				wantExit(t, s, 1, "httpd: detached by the primary: the primary stops")
			}
			wantNothingLeft(t, e)
		})
	}
}

// TestPrimaryStartsAfterKill kills the primary and starts it again on what is left.
func TestPrimaryStartsAfterKill(t *testing.T) {
	for _, huge := range []bool{true, false} {
		t.Run(map[bool]string{true: "hugepages", false: "no-huge"}[huge], func(t *testing.T) {
			e := testenv.New(t, testenv.Config{Hugepages: huge})
			for range 3 {
				s := e.Secondary(httpd)
				if _, err := get(browser(e), testenv.Stack4); err != nil {
					t.Fatal(err)
				}
				e.Primary.Kill()
				wantExit(t, s, 1, "httpd: the primary is gone")
				e.Start()
			}
			if err := e.Primary.Stop(); err != nil {
				t.Error(err)
			}
			wantNothingLeft(t, e)
		})
	}
}

// wantExit waits for a program's end and checks its status and its last line.
func wantExit(t *testing.T, p *testenv.Process, code int, last string) {
	t.Helper()
	select {
	case <-p.Exited():
	case <-time.After(5 * time.Second):
		t.Fatalf("pid %d has not ended:\n%s", p.Cmd.Process.Pid, p.Log())
	}
	got := 0
	if ended, failed := p.Stop().(*exec.ExitError); failed {
		got = ended.ExitCode()
	}
	lines := strings.Split(strings.TrimSpace(p.Log()), "\n")
	if line := lines[len(lines)-1]; got != code || !strings.Contains(line, last) {
		t.Errorf("status %d, last line %q; want %d, %q", got, line, code, last)
	}
}
