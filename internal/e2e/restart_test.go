package e2e

import (
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// TestConnectionsOutliveThePrimary kills the primary under 200 connections to two secondaries, all with a transfer under way. The supervisor
// starts another.
func TestConnectionsOutliveThePrimary(t *testing.T) {
	const aim = 500 * time.Millisecond // of the service gap beyond the restart
	e := testenv.Network(t, testenv.Config{})
	e.Supervise(section(t, "web", courier, "count=2"))
	d := deliver(t, e, testenv.Stack4+":80", 200, 256<<10)
	d.wantMore(10 * time.Second)
	before := e.Units()
	killed := time.Now()
	if err := syscall.Kill(before["primary"].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	becomes(t, e, "primary", "is live again", func(u msg.Unit) bool { return u.State == "live" && u.PID != before["primary"].PID })
	ready := time.Since(killed)
	d.wantMore(10 * time.Second)
	d.finish()
	all, one := d.widest()
	t.Logf("the next primary was ready after %v; without progress at most %v on all connections, %v beyond that, and %v on one, %v beyond",
		round(ready), round(all), round(all-ready), round(one), round(one-ready))
	if all-ready > aim {
		t.Errorf("the service gap is %v beyond the restart, want %v at most", round(all-ready), aim)
	}
	wantHeldOff(t, e, 0)
	wantUntouched(t, before, e.Units(), "web.0", "web.1")
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// wantHeldOff checks that nobody is awaited any more.
func wantHeldOff(t *testing.T, e *testenv.Env, awaited uint64) {
	t.Helper()
	if got := testenv.Stats(t, e.Tool())["dispatch.awaited"]; got != awaited {
		t.Errorf("%d secondaries are awaited, want %d", got, awaited)
	}
}

// TestFiftyPrimariesInARow kills one primary after the other. No connection is lost, and nothing is left behind by any of them.
func TestFiftyPrimariesInARow(t *testing.T) {
	for _, c := range []struct {
		name  string
		cfg   testenv.Config
		kills int
	}{
		{"no-huge", testenv.Config{}, 50},
		{"hugepages", testenv.Config{Hugepages: true}, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() {
				c.kills = max(c.kills/10, 2)
			}
			e := testenv.New(t, c.cfg)
			secondaries := []*testenv.Process{e.Secondary(courier), e.Secondary(courier)}
			d := deliver(t, e, testenv.Stack4+":80", 20, 64<<10)
			d.wantMore(10 * time.Second)
			e.Restart() // the first one: from here on everything is there that a restart needs
			d.wantMore(10 * time.Second)
			before := takeCensus(t, e, secondaries)
			begun := time.Now()
			var slowest time.Duration
			for range c.kills {
				killed := time.Now()
				e.Restart()
				slowest = max(slowest, time.Since(killed))
				d.wantMore(10 * time.Second)
			}
			took := time.Since(begun)
			before.wantSame(t, takeCensus(t, e, secondaries))
			d.finish()
			all, one := d.widest()
			t.Logf("%d kills in %v, of which a restart took %v at most; without progress at most %v on all connections, %v on one",
				c.kills, round(took), round(slowest), round(all), round(one))
		})
	}
}
