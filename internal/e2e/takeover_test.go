package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// TestTakeover starts primaries that take over from each other under transfers.
func TestTakeover(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(courier)
	e.Secondary(courier)
	d := deliver(t, e, testenv.Stack4+":80", 40, 64<<10)
	d.wantMore(10 * time.Second)
	for range 3 {
		begun := time.Now()
		old := e.Takeover()
		t.Logf("a take-over took %v", round(time.Since(begun)))
		wantExit(t, old, 0, "stopped")
		if !strings.Contains(old.Log(), "another primary takes over") {
			t.Errorf("the old primary does not tell why it stops:\n%s", old.Log())
		}
		d.wantMore(10 * time.Second)
	}
	d.finish()
	all, one := d.widest()
	t.Logf("without progress at most %v on all connections, %v on one", round(all), round(one))
}

// TestTakeoverFromNobody starts as without the flag, be it that a primary was killed or that there was none.
func TestTakeoverFromNobody(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	s := e.Secondary(courier)
	e.Kill()
	e.Takeover()
	wantProc(t, e, 0, "live")
	wantNoRefusals(t, e, 5)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if err := e.Primary.Stop(); err != nil {
		t.Error(err)
	}
	wantNothingLeft(t, e)
	e.Takeover()
}

// TestTakeoverThatCannotWork finds out before it asks the one that serves.
func TestTakeoverThatCannotWork(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(courier)
	d := deliver(t, e, testenv.Stack4+":80", 4, 64<<10)
	d.wantMore(10 * time.Second)
	others := testenv.New(t, testenv.Config{}).Device
	for device, want := range map[string]string{"nosuch0": "there is no such interface", others: "interface " + others + " is held by ff-primary"} {
		e.Change("iface="+e.Device, "iface="+device)
		wantOneLine(t, takeOver(t, e), want)
		e.Change("iface="+device, "iface="+e.Device)
	}
	got := testenv.Finish(t, testenv.Command{Path: testenv.Build(t, testenv.FFPrimary), Args: []string{"--conf", e.Conf}})
	if got.Code != 1 || !strings.Contains(got.Stderr, "runs already") || !strings.Contains(got.Stderr, "--takeover") {
		t.Errorf("without the flag: %+v", got)
	}
	d.wantMore(10 * time.Second)
	d.finish()
	if err := e.Primary.Cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the primary is gone: %v", err)
	}
}

// takeOver starts a primary that is to take over and cannot.
func takeOver(t *testing.T, e *testenv.Env) testenv.Result {
	t.Helper()
	return testenv.Finish(t, testenv.Command{
		Path: testenv.Build(t, testenv.FFPrimary), Args: []string{"--conf", e.Conf, "--takeover", "--log-level", "error"},
	})
}

// TestTakeoverFromOneThatIsManaged is refused: it would be started again.
func TestTakeoverFromOneThatIsManaged(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	e.Supervise("")
	before := e.Units()["primary"]
	wantOneLine(t, takeOver(t, e), "would be started again by what has started it", "ff restart primary")
	if now := e.Units()["primary"]; now.PID != before.PID || now.Restarts != 0 {
		t.Errorf("%+v, and before %+v", now, before)
	}
}
