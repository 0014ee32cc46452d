package e2e

import (
	"bufio"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
	"ringstack/secondary"
)

// tally counts answers by the proc that they name.
type tally struct {
	of [3]atomic.Int64
}

func (c *tally) ask(conn net.Conn, in *bufio.Reader) (proc int, err error) {
	if proc, err = askPage(conn, in); err == nil {
		c.of[proc].Add(1)
	}
	return proc, err
}

// others returns how many answers came from others than proc 0.
func (c *tally) others() int64 { return c.of[1].Load() + c.of[2].Load() }

// rate returns what others answer a second, measured for so long.
func (c *tally) rate(d time.Duration) float64 {
	before, begun := c.others(), time.Now()
	time.Sleep(d)
	return float64(c.others()-before) / time.Since(begun).Seconds()
}

// TestOneOfThreeIsStopped stops one of three secondaries for five seconds: the others go on as before, and get what is new.
func TestOneOfThreeIsStopped(t *testing.T) {
	const stopped = 5 * time.Second
	e := testenv.New(t, testenv.Config{})
	victim := e.Secondary(httpd)
	e.Secondary(httpd)
	e.Secondary(httpd)
	tool := e.Tool()
	wantSettled(t, tool)
	count := new(tally)
	l := startLoad(t, e, errand{80, 15 * time.Second, 20 * time.Millisecond, count.ask}, 30, 3)
	l.wantMore(t, 300)
	before := count.rate(2 * time.Second)
	if !wantProc(t, e, 0, "live").Leader {
		t.Error("proc 0 does not lead")
	}
	mine := count.of[0].Load()
	if mine == 0 {
		t.Fatal("proc 0 has answered nothing")
	}

	signal(t, victim, syscall.SIGSTOP)
	begun := time.Now()
	if p := wantProc(t, e, 0, "stalled"); p.Leader {
		t.Error("it leads though it has stalled")
	}
	noticed := time.Since(begun)
	mine = count.of[0].Load()
	during := count.rate(stopped - noticed)
	if got := count.of[0].Load(); got != mine {
		t.Errorf("proc 0 has answered %d times while it was stopped", got-mine)
	}
	stats := testenv.Stats(t, tool)
	if stats["dispatch.detours"] == 0 {
		t.Error("no new connection went to another than the stalled one")
	}
	signal(t, victim, syscall.SIGCONT)
	back := time.Now()
	wantProc(t, e, 0, "live")
	testenv.Eventually(t, answerWithin, "proc 0 answers again", func() bool { return count.of[0].Load() > mine+100 })
	took := time.Since(back)
	after := count.rate(time.Second)
	t.Logf("noticed after %v, live again after %v; the others answer %.0f requests a second before, %.0f meanwhile and %.0f after",
		round(noticed), round(took), before, during, after)
	if during < 0.8*min(before, after) { // whatever else this machine does
		t.Errorf("the others answer %.0f requests a second, %.0f before and %.0f after", during, before, after)
	}
	wantNewAgain(t, e, 0)
	l.stop()
	l.wantNoFailure(t)
	if stats := testenv.Stats(t, tool); stats["primary.stalls"] != 1 || stats["proc0.stalls"] != 1 || stats["primary.stall_kills"] != 0 {
		t.Errorf("%d stalls, %d of proc 0, %d killed", stats["primary.stalls"], stats["proc0.stalls"], stats["primary.stall_kills"])
	}
}

// wantNewAgain wants some of a number of new connections to reach a proc.
func wantNewAgain(t *testing.T, e *testenv.Env, proc int) {
	t.Helper()
	tool := e.Tool()
	before := counter(t, tool, proc, accepts)
	client := browser(e)
	for range 40 {
		if _, err := get(client, testenv.Stack4); err != nil {
			t.Fatal(err)
		}
	}
	if counter(t, tool, proc, accepts) == before {
		t.Errorf("proc %d gets none of 40 new connections", proc)
	}
}

// TestTheOnlyOneIsStopped: where nobody stands in, new connections wait on its ring.
func TestTheOnlyOneIsStopped(t *testing.T) {
	e := testenv.New(t, testenv.Config{Keys: []string{"stall_time=200"}})
	p := e.Secondary(httpd)
	signal(t, p, syscall.SIGSTOP)
	answered := make(chan time.Time, 1)
	go func() {
		if _, err := get(browser(e), testenv.Stack4); err != nil {
			t.Error(err)
		}
		answered <- time.Now()
	}()
	wantProc(t, e, 0, "stalled")
	time.Sleep(1500 * time.Millisecond) // the SYN comes twice, and would come again in 1.5 s
	signal(t, p, syscall.SIGCONT)
	back := time.Now()
	if took := (<-answered).Sub(back); took > time.Second {
		t.Errorf("answered %v after it went on", took)
	}
	wantProc(t, e, 0, "live")
}

// hanging is a handler that does not return before it is told to.
type hanging struct {
	secondary.Ignore
	goOn chan struct{}
}

func (h hanging) Data(c secondary.Conn) {
	<-h.goOn
	c.Discard(c.Write(c.Peek()))
	c.Close()
}

// TestHandlerHangs has a program's handler hang: the other program of the group gets what is new.
func TestHandlerHangs(t *testing.T) {
	e := testenv.New(t, testenv.Config{Keys: []string{"stall_time=200"}})
	hangs, other := attach(t, e, "g"), attach(t, e, "g")
	goOn := make(chan struct{})
	l, err := hangs.Serve("tcp", ":80", func() secondary.Handler { return hanging{goOn: goOn} })
	if err != nil {
		t.Fatal(err)
	}
	first := open(t, e, "tcp", 80)
	if _, err := io.WriteString(first, "x"); err != nil {
		t.Fatal(err)
	}
	go answerAll(listen(t, other, ":80"), "other")
	wantProc(t, e, hangs.ProcID(), "stalled") // it is asked for its connections
	wantAnswers(t, e, "tcp", 80, 20, "other hello")
	close(goOn)
	wantProc(t, e, hangs.ProcID(), "live")
	if got, err := io.ReadAll(first); string(got) != "x" || err != nil {
		t.Errorf("on the connection that hung: %q, %v", got, err)
	}
	l.Close()
}

// TestStalledIsKilled has a supervisor start a secondary again that has stalled.
func TestStalledIsKilled(t *testing.T) {
	e := testenv.Network(t, testenv.Config{Keys: []string{"stall_time=300", "stall_kill=1"}})
	s := e.Supervise(section(t, "web", httpd, "count=2"))
	testenv.Eventually(t, 10*time.Second, "both are live", func() bool { return len(attached(t, e)) == 2 })
	l := patientLoad(t, e)
	l.wantMore(t, 50)
	before := e.Units()
	if err := syscall.Kill(before["web.1"].PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	u := becomes(t, e, "web.1", "is started again", func(u msg.Unit) bool { return u.State == "live" && u.PID != before["web.1"].PID })
	if u.LastEnd != "signal: killed" || u.Restarts != 1 {
		t.Errorf("%+v", u)
	}
	wantUntouched(t, before, e.Units(), "primary", "web.0")
	s.WaitLog("the stalled secondary is killed")
	l.wantMore(t, 50)
	l.stop()
	if n := len(l.failed()); n > 10 {
		t.Errorf("%d connections failed beside those that the dead one had", n)
	}
	if stats := testenv.Stats(t, e.Tool()); stats["primary.stall_kills"] != 1 || stats["primary.stalls"] != 1 {
		t.Errorf("%d stalls, %d killed", stats["primary.stalls"], stats["primary.stall_kills"])
	}
}
