package e2e

import (
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// TestPrimaryStops sends the primary the signals that end it in order: nothing is left when the secondaries were stopped before.
func TestPrimaryStops(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		huge   bool
	}{{syscall.SIGTERM, true}, {syscall.SIGINT, false}} {
		t.Run(c.signal.String(), func(t *testing.T) {
			e := testenv.New(t, testenv.Config{Hugepages: c.huge})
			for _, s := range []*testenv.Process{e.Secondary(httpd), e.Secondary(httpd)} {
				if err := s.Stop(); err != nil {
					t.Error(err)
				}
			}
			signal(t, e.Primary, c.signal)
			wantExit(t, e.Primary, 0, "stopped")
			wantNothingLeft(t, e)
		})
	}
}

// TestSecondariesOutliveAPrimaryThatStops stops the primary in order and starts another: the connections go on.
func TestSecondariesOutliveAPrimaryThatStops(t *testing.T) {
	for _, huge := range []bool{true, false} {
		t.Run(map[bool]string{true: "hugepages", false: "no-huge"}[huge], func(t *testing.T) {
			e := testenv.New(t, testenv.Config{Hugepages: huge})
			secondaries := []*testenv.Process{e.Secondary(courier), e.Secondary(courier)}
			d := deliver(t, e, testenv.Stack4+":80", 10, 64<<10)
			for range 2 {
				d.wantMore(10 * time.Second)
				free := freeHugepages(t)
				if err := e.Primary.Stop(); err != nil {
					t.Error(err)
				}
				if now := freeHugepages(t); huge && now == free {
					t.Errorf("%s, as while the primary ran", now)
				}
				if left := e.Remnants(); !slices.Equal(left, []string{e.RunDir() + "/state"}) {
					t.Errorf("left for the next one: %v", left)
				}
				e.Start()
			}
			d.wantMore(10 * time.Second)
			d.finish()
			for _, s := range secondaries {
				if err := s.Stop(); err != nil {
					t.Error(err)
				}
			}
			if err := e.Primary.Stop(); err != nil {
				t.Error(err)
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
			s := e.Secondary(httpd)
			for range 3 {
				e.Restart()
				wantProc(t, e, 0, "live")
				if _, err := get(browser(e), testenv.Stack4); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Stop(); err != nil {
				t.Error(err)
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
