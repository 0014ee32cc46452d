package e2e

import (
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// TestRollingRestart restarts all secondaries of a service, one after the other, under a hundred new connections a second.
func TestRollingRestart(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	e.Supervise(section(t, "web", httpd, "count=3"))
	testenv.Eventually(t, 10*time.Second, "all are live", func() bool { return len(attached(t, e)) == 3 })
	l := patientLoad(t, e)
	l.wantMore(t, 50)
	before := e.Units()
	var slow []request
	for range 12 {
		slow = append(slow, begin(t, e))
	}
	restarted := make(chan testenv.Result, 1)
	begun := time.Now()
	go func() { restarted <- runFF(t, e, "restart", "web") }()
	wantProc(t, e, 0, "draining")
	l.wantMore(t, 50)
	for _, r := range slow {
		r.finish(t)
	}
	if got := <-restarted; got.Code != 0 || got.Stderr != "" {
		t.Errorf("%+v", got)
	}
	took := time.Since(begun)
	l.wantMore(t, 50)
	l.stop()
	l.wantNoFailure(t)
	after := e.Units()
	for _, name := range []string{"web.0", "web.1", "web.2"} {
		if u := after[name]; u.State != "live" || u.PID == before[name].PID || u.LastEnd != "exit status 0" {
			t.Errorf("%+v, was %+v", u, before[name])
		}
	}
	t.Logf("restarted in %v; %d connections, the longest wait for an answer took %v", round(took), l.connections.Load(), round(time.Duration(l.slowest.Load())))
}
