package e2e

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/internal/testenv"
)

// What an idle process may cost, and how late it may answer.
const (
	idleFor   = 10 * time.Second
	idleShare = 0.02 // of a core
	answerIn  = 20 * time.Millisecond
)

// TestIdle takes CPU time as the scheduler has counted it, which other programs on the machine don't
// change. They do delay pings: a late one is tried again, after as long a silence.
func TestIdle(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	procs := map[string]*testenv.Process{
		"primary": e.Primary, "secondary 0": e.Secondary(httpd), "secondary 1": e.Secondary(httpd),
	}
	ping(t, e) // so that both sides know each other's addresses
	used := make(map[string]time.Duration)
	for name, p := range procs {
		used[name] = cpuTime(t, p.Process.Pid)
	}
	start := time.Now()
	time.Sleep(idleFor)
	for name, p := range procs {
		share := float64(cpuTime(t, p.Process.Pid)-used[name]) / float64(time.Since(start))
		t.Logf("%s: %.2f %% of a core", name, 100*share)
		if share > idleShare {
			t.Errorf("%s uses %.1f %% of a core at idle, want %.0f %% at most", name, 100*share, 100*idleShare)
		}
	}

	rtt := ping(t, e)
	for try := 1; try < 3 && rtt > answerIn; try++ {
		time.Sleep(idleFor)
		rtt = ping(t, e)
	}
	after := []time.Duration{}
	for range 5 {
		time.Sleep(time.Second)
		after = append(after, ping(t, e))
	}
	t.Logf("ping after %v: %v; a second apart: %v", idleFor, rtt, after)
	slices.Sort(after)
	if median := after[len(after)/2]; max(rtt, median) > answerIn {
		t.Errorf("a ping after %v took %v, the median of those a second apart %v; want %v at most", idleFor, rtt, median, answerIn)
	}
}

// cpuTime returns the CPU time that all threads of a process have used, those included that have ended.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	const schedClock = 2 // CPUCLOCK_SCHED, see clock_getcpuclockid(3)
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedClock), &ts); err != nil {
		t.Fatalf("CPU time of %d: %v", pid, err)
	}
	return time.Duration(ts.Nano())
}

// ping sends the stack one ping from the namespace and returns its round-trip time.
func ping(t *testing.T, e *testenv.Env) time.Duration {
	t.Helper()
	out := run(t, e, "ping", "-n", "-c", "1", "-w", "5", testenv.Stack4)
	_, rest, _ := strings.Cut(out, "time=")
	text, _, _ := strings.Cut(rest, " ms")
	ms, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("no round-trip time in %q", out)
	}
	return time.Duration(ms * float64(time.Millisecond))
}
