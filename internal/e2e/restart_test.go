package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// TestConnectionsOutliveThePrimary kills the primary under 200 connections to two secondaries, all with a transfer under way, and starts
// another.
func TestConnectionsOutliveThePrimary(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(courier)
	e.Secondary(courier)
	d := deliver(t, e, testenv.Stack4+":80", 200, 256<<10)
	d.wantMore(10 * time.Second)
	killed := time.Now()
	e.Kill()
	died := time.Since(killed)
	e.Start()
	ready := time.Since(killed)
	d.wantMore(10 * time.Second)
	d.finish()
	all, one := d.widest()
	t.Logf("the primary took %v to die and %v to be ready again (%s)", round(died), round(ready-died), steps(e.Primary))
	t.Logf("service gap: %v without progress on any connection, %v beyond the restart; %v at most on one connection, %v beyond",
		round(all), round(all-ready), round(one), round(one-ready))
	wantHeldOff(t, e, 0)
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

var stepTook = regexp.MustCompile(`DBG up step="?([A-Za-z -]+)"? took="?([0-9.]+ms)`)

// steps returns the steps of a primary's start that took a millisecond at least.
func steps(p *testenv.Process) string {
	var list []string
	for _, m := range stepTook.FindAllStringSubmatch(p.Log(), -1) {
		list = append(list, m[1]+" "+m[2])
	}
	return strings.Join(list, ", ")
}

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
