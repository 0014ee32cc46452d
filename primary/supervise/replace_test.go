package supervise

import (
	"strings"
	"testing"
)

// keepWith keeps a live process, and launches its successors otherwise.
func keepWith(t *testing.T, successor launcher) (*keeper, status) {
	t.Helper()
	launched := false
	k := keep(t, shell("exec sleep 1000"), func(p program) (*child, error) {
		if launched {
			return successor(p)
		}
		launched = true
		return launchLive(p)
	})
	if err := k.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, _ := k.look()
	return k, st
}

func TestReplace(t *testing.T) {
	k, before := keepWith(t, func(p program) (*child, error) {
		c, err := launchLive(p)
		if err == nil && gone(c.pid) {
			t.Error("the successor is gone")
		}
		return c, err
	})
	if err := k.replace(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, _ := k.look()
	if after.state != stateLive || after.pid == before.pid || after.restarts != 0 || after.lastEnd != "signal: terminated" || !gone(before.pid) {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// TestReplaceFails: the process goes on.
func TestReplaceFails(t *testing.T) {
	for want, successor := range map[string]launcher{
		"the successor ended before it was live: exit status 3; web goes on": func(program) (*child, error) { return launchDead(shell("exit 3")) },
		"start a successor: fork/exec /nosuch":                               func(program) (*child, error) { return launchLive(program{command: []string{"/nosuch"}}) },
	} {
		k, before := keepWith(t, successor)
		if err := k.replace(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if after, _ := k.look(); after != before || gone(before.pid) {
			t.Errorf("before %+v, after %+v", before, after)
		}
	}
}

// TestStoppedWhileReplaced stops the process while its successor starts: both end.
func TestStoppedWhileReplaced(t *testing.T) {
	successors := make(chan *child, 1)
	k, before := keepWith(t, func(p program) (*child, error) {
		c, err := launchDead(p)
		successors <- c
		return c, err
	})
	failed := make(chan error)
	go func() { failed <- k.replace(t.Context()) }()
	successor := <-successors
	if err := k.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(successor.live)
	if err := <-failed; err == nil || err.Error() != "web was stopped or has ended meanwhile" {
		t.Error(err)
	}
	if st, _ := k.look(); st.state != stateStopped || !gone(before.pid) || !gone(successor.pid) {
		t.Errorf("%+v", st)
	}
}
