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

// TestRestartOfOne restarts the only secondary of a service under a hundred new connections a second: it goes on until its successor is there.
// One that cannot have a successor goes on as it was.
func TestRestartOfOne(t *testing.T) {
	e := testenv.Network(t, testenv.Config{Keys: []string{"max_procs=2"}})
	e.Supervise(section(t, "web", httpd))
	l := patientLoad(t, e)
	l.wantMore(t, 50)
	before := e.Units()["web"]
	order(t, e, "restart", "web")
	after := e.Units()["web"]
	if after.State != "live" || after.PID == before.PID || after.Restarts != 0 || after.LastEnd != "exit status 0" {
		t.Errorf("%+v, was %+v", after, before)
	}
	l.wantMore(t, 50)

	e.Secondary(echo) // takes the last slot
	got := runFF(t, e, "restart", "web")
	if got.Code != 1 || got.Stderr != "ff: the successor ended before it was live: exit status 1; web goes on as before (ff stop and ff start do without one)\n" {
		t.Errorf("%+v", got)
	}
	if now := e.Units()["web"]; now.PID != after.PID || now.State != "live" {
		t.Errorf("%+v, was %+v", now, after)
	}
	l.wantMore(t, 50)
	l.stop()
	l.wantNoFailure(t)
}
