package supervise

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRestartKeepsOneServing restarts a section of which one process alone serves: it goes on until that which did not serve does.
func TestRestartKeepsOneServing(t *testing.T) {
	web := keepers(t, "web", 0, "web.0", "web.1")
	serves, stopped := web.keepers[0], web.keepers[1]
	if err := serves.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, _ := serves.look()
	serves.check = func(context.Context) error {
		if !stopped.serves() {
			t.Error("the only one that serves comes first")
		}
		return nil
	}
	if err := restartEach(t.Context(), []group{web}); err != nil {
		t.Fatal(err)
	}
	if after, _ := serves.look(); after.state != stateLive || after.pid == before.pid || !stopped.serves() {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// TestStandIn: a process is replaced where no other of its section serves, and stopped first where one does.
func TestStandIn(t *testing.T) {
	for others, overlap := range map[bool]bool{false: true, true: false} {
		other := keep(t, shell("exec sleep 1000"), launchLive)
		if others {
			if err := other.start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var before status
		overlapped := false
		k, before := keepWith(t, func(p program) (*child, error) {
			overlapped = !gone(before.pid)
			return launchLive(p)
		})
		k.others = []*keeper{other}
		if err := restart(t.Context(), k); err != nil || overlapped != overlap {
			t.Errorf("another serves: %v; both ran: %v, %v", others, overlapped, err)
		}
	}
}

// TestOneRestartAtATime: a second is refused, a stop ends the first, and what was started for it.
func TestOneRestartAtATime(t *testing.T) {
	successors := make(chan *child, 1)
	k, before := keepWith(t, func(p program) (*child, error) {
		c, err := launchDead(p) // is never live
		successors <- c
		return c, err
	})
	groups := []group{{name: "web", keepers: []*keeper{k}}}
	first := make(chan error, 1)
	go func() { first <- restartEach(t.Context(), groups) }()
	successor := <-successors
	if err := restartEach(t.Context(), groups); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("a second restart: %v", err)
	}
	begun := time.Now()
	if err := stopEach(t.Context(), groups); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	if err := <-first; err == nil || !strings.Contains(err.Error(), "given up") {
		t.Errorf("the restart: %v", err)
	}
	if st, _ := k.look(); st.state != stateStopped || !gone(before.pid) || !gone(successor.pid) {
		t.Errorf("%+v", st)
	}
	k.launch = launchLive
	if err := restartEach(t.Context(), groups); err != nil {
		t.Errorf("a restart after all that: %v", err)
	}
}

// TestPartOfThePorts: a new version that listens on some of the old ports is taken for good, after a while; one with none is not.
func TestPartOfThePorts(t *testing.T) {
	k, _ := keepWith(t, launchLive)
	k.waitPorts = 100 * time.Millisecond
	c, err := k.current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{"tcp/80": "", "tcp/9": "does not listen on tcp/80, tcp/81, as there was before"} {
		k.ports = func(*child) ([]string, bool) { return []string{now}, true }
		if err := k.awaitPorts(t.Context(), c, []string{"tcp/80", "tcp/81"}); err != nil && err.Error() != want || err == nil && want != "" {
			t.Errorf("on %s: %v, want %q", now, err, want)
		}
	}
}
