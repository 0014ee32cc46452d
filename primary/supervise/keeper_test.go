package supervise

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func live(st status) bool { return st.state == stateLive }

func TestKeeperRestartsWhatIsKilled(t *testing.T) {
	k := keep(t, shell("exec sleep 1000"), launchLive)
	if err := k.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, _ := k.look()
	if err := k.start(t.Context()); err != nil { // it is
		t.Fatal(err)
	}
	if err := syscall.Kill(before.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	after := until(t, k, "live again", func(st status) bool { return st.state == stateLive && st.pid != before.pid })
	if after.restarts != 1 || after.lastEnd != "signal: killed" || before.restarts != 0 || before.lastEnd != "" {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if err := k.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, _ := k.look(); st.state != stateStopped || st.pid != 0 || st.lastEnd != "signal: terminated" || !gone(after.pid) {
		t.Errorf("stopped: %+v", st)
	}
	if err := k.stop(t.Context()); err != nil { // it is
		t.Fatal(err)
	}
	if err := k.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, _ := k.look(); st.restarts != 1 {
		t.Errorf("an order counts as restart: %+v", st)
	}
}

// TestCrashLoop keeps a program that ends at once.
func TestCrashLoop(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	k := keep(t, shell("echo >>"+count+"; exit 3"), launchDead)
	start := time.Now()
	err := k.start(t.Context())
	if err == nil || err.Error() != "web ended before it was live: exit status 3" {
		t.Error(err)
	}
	for n, pause := range []time.Duration{100, 200, 400} {
		st := until(t, k, "waiting", func(st status) bool { return st.state == stateWaiting && st.ends == n+1 })
		if left := time.Until(st.retryAt); left > pause*time.Millisecond || st.restarts != n+1 || st.lastEnd != "exit status 3" {
			t.Errorf("end %d: again in %v, want %v ms: %+v", n+1, left, pause, st)
		}
	}
	until(t, k, "ended four times", func(st status) bool { return st.ends == 4 })
	if took := time.Since(start); took < 700*time.Millisecond {
		t.Errorf("four starts took %v, want pauses of 100, 200 and 400 ms between them", took)
	}
	if u := k.unit(); u.State != "waiting" || u.RetryIn <= 0.4 || u.RetryIn > 0.8 || u.Restarts != 4 || u.PID != 0 || u.Uptime != 0 {
		t.Errorf("told as %+v", u)
	}
	if k.start(t.Context()) == nil { // an order does not wait, and is patient again
		t.Error("a crash is no start")
	}
	st := until(t, k, "waiting", func(st status) bool { return st.state == stateWaiting })
	if left := time.Until(st.retryAt); left > 100*time.Millisecond {
		t.Errorf("again in %v after an order", left)
	}
	if err := k.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(count)
	time.Sleep(250 * time.Millisecond) // no process comes any more
	after, _ := os.ReadFile(count)
	if err != nil || len(before) != len(after) || len(after) < 5 {
		t.Errorf("started %d times, then %d (%v)", len(before), len(after), err)
	}
}

func TestProgramIsNotThere(t *testing.T) {
	k := keep(t, program{command: []string{"/nosuch/program"}}, launchLive)
	err := k.start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "web ended before it was live: fork/exec /nosuch/program: no such file") {
		t.Error(err)
	}
	until(t, k, "tried again", func(st status) bool { return st.ends > 2 })
}

// TestStopKills stops a program that does not want to, and what it has started.
func TestStopKills(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	k := newKeeper("web", shell("trap '' TERM; sleep 1000 & echo $! >"+pids+"; wait; wait"), launchLive, 100*time.Millisecond, testLog(t))
	runKeeper(t, k)
	if err := k.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, _ := k.look()
	var grandchild int
	for grandchild == 0 {
		text, _ := os.ReadFile(pids) // not yet there
		grandchild, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	start := time.Now()
	if err := k.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 100*time.Millisecond {
		t.Errorf("killed after %v", took)
	}
	if now, _ := k.look(); now.lastEnd != "signal: killed, since it did not stop within 100ms" {
		t.Errorf("%+v", now)
	}
	waitGone(t, st.pid)
}

// TestNobodyIsLeftBehind ends a program whose children stay.
func TestNobodyIsLeftBehind(t *testing.T) {
	k := keep(t, shell("sleep 1000 & sleep 1000 & exec sleep 1000"), launchLive)
	if err := k.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, _ := k.look()
	syscall.Kill(st.pid, syscall.SIGKILL) // it alone
	until(t, k, "live again", func(now status) bool { return now.state == stateLive && now.pid != st.pid })
	waitGone(t, st.pid)
}

// waitGone waits for the end of the members of a killed process group.
func waitGone(t *testing.T, group int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !gone(group); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("processes of group %d are left", group)
		}
	}
}

func TestNotLiveInTime(t *testing.T) {
	k := keep(t, shell("exec sleep 1000"), launchDead)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := k.start(ctx); err == nil || err.Error() != "web is not live in time: it is starting" {
		t.Error(err)
	}
	if st, _ := k.look(); st.state != stateStarting || st.ends != 0 {
		t.Errorf("it must go on: %+v", st)
	}
}

// TestOneOrderUndoesAnother starts what is stopped at the same time: not both can have their way.
func TestOneOrderUndoesAnother(t *testing.T) {
	for range 50 {
		k := keep(t, shell("exec sleep 1000"), launchDead)
		if _, err := k.order(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() { failed <- k.start(t.Context()) }()
		for waiting := true; waiting; {
			k.stop(t.Context()) // fails when the other order comes meanwhile
			select {
			case err := <-failed:
				waiting = false
				if err == nil {
					t.Fatal("started what never lives")
				}
			case <-time.After(time.Millisecond):
			}
		}
	}
}

// TestStartWhileStopping changes its mind.
func TestStartWhileStopping(t *testing.T) {
	k := newKeeper("web", shell("trap 'sleep 0.1; exit 0' TERM; while :; do sleep 0.01; done"), launchLive, 10*time.Second, testLog(t))
	runKeeper(t, k)
	if err := k.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, _ := k.look()
	if _, err := k.order(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if st, _ := k.look(); st.state != stateStopping {
		t.Fatalf("%+v", st)
	}
	if err := k.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, _ := k.look(); !live(st) || st.pid == first.pid || st.restarts != 0 || !gone(first.pid) {
		t.Errorf("%+v after pid %d", st, first.pid)
	}
}

// TestOrdersAtOnce gives orders from many sides while the process dies now and then.
func TestOrdersAtOnce(t *testing.T) {
	k := keep(t, shell("exec sleep 1000"), launchLive)
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for ctx.Err() == nil {
				switch st, _ := k.look(); {
				case i == 0 && st.pid != 0:
					syscall.Kill(-st.pid, syscall.SIGKILL)
				case i%2 == 0:
					k.start(ctx) // refused when stopped meanwhile
				default:
					k.stop(ctx)
				}
			}
		})
	}
	all.Wait()
	if err := k.start(t.Context()); err != nil {
		t.Error(err)
	}
}
