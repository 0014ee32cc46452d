package supervise

import (
	"fmt"
	"strings"
	"testing"

	"ringstack/msg"
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
	k.overlaps = true
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
	if err := k.replace(t.Context(), nil); err != nil {
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
		if err := k.replace(t.Context(), nil); err == nil || !strings.Contains(err.Error(), want) {
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
	go func() { failed <- k.replace(t.Context(), nil) }()
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

// TestReplaceWaitsForPorts: a successor that is live and does not listen yet, as that which it is for, does not end it.
func TestReplaceWaitsForPorts(t *testing.T) {
	k, before := keepWith(t, launchLive)
	looks := 0
	k.ports = func(c *child) ([]string, bool) {
		switch looks++; {
		case c.pid == before.pid:
			return []string{"tcp/80", "udp/53"}, looks > 2 // it comes back to a new primary
		case looks < 7:
			return []string{"udp/53"}, true
		case gone(before.pid):
			t.Error("the old one is gone before the successor listens")
		}
		return []string{"tcp/443", "udp/53", "tcp/80"}, true
	}
	if err := restart(t.Context(), k); err != nil || looks < 7 {
		t.Errorf("%v after %d looks", err, looks)
	}
	if after, _ := k.look(); after.pid == before.pid || !gone(before.pid) {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// TestSuccessorDoesNotListen ends a successor that is live and then fails: the process goes on.
func TestSuccessorDoesNotListen(t *testing.T) {
	k, before := keepWith(t, func(program) (*child, error) { return launchLive(shell("sleep 0.1; exit 4")) })
	k.ports = func(c *child) ([]string, bool) {
		if c.pid == before.pid {
			return []string{"tcp/80"}, true
		}
		return nil, true
	}
	err := restart(t.Context(), k)
	if err == nil || !strings.HasPrefix(err.Error(), "the successor ended before it listened on tcp/80: exit status 4; web goes on") {
		t.Error(err)
	}
	if after, _ := k.look(); after != before || gone(before.pid) {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// TestRestartOfWhatIsRefused: what could not be started again is not stopped.
func TestRestartOfWhatIsRefused(t *testing.T) {
	k, before := keepWith(t, launchLive)
	k.overlaps = false
	s := &Supervisor{groups: []group{{keepers: []*keeper{k}}}}
	version := fmt.Sprintf(`[ $0 != --version ] || exec echo "ff-primary (devel), protocol %d, go1.26"; `, msg.Version)
	for want, script := range map[string]string{
		"a":                        version + "echo ff-primary: a >&2; exit 1",
		"a (and 1 more: ":          version + "echo warning: w >&2; echo ff-primary: a >&2; echo b >&2; exit 1",
		"exit status 3":            version + "exit 3",
		"its configuration is ref": version + "echo warning: w >&2; exit 1",
		"b":                        "echo b >&2; exit 2",
		`the new program says "ff-primary (devel), protocol 99, go1.99", but`: `echo "ff-primary (devel), protocol 99, go1.99"`,
	} {
		s.cfg.Primary, k.check = []string{"/bin/sh", "-c", script}, s.checkPrimary
		if err := restart(t.Context(), k); err == nil || !strings.HasPrefix(err.Error(), "web goes on as before: "+want) {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
	s.cfg.Primary = []string{"/nosuch"}
	if err := restart(t.Context(), k); err == nil || !strings.HasPrefix(err.Error(), "web goes on as before: fork/exec /nosuch: no ") {
		t.Error(err)
	}
	s.cfg.Primary = []string{"/bin/sh", "-c", version}
	if after, _ := k.look(); after != before {
		t.Fatalf("before %+v, after %+v", before, after)
	}
	if err := restart(t.Context(), k); err != nil {
		t.Error(err)
	}
}
