package e2e

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// TestCrashLoopIsContained keeps a program that ends at once beside one that serves.
func TestCrashLoopIsContained(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	bad := fmt.Sprintf("[proc.bad]\ncommand=/bin/false\nuser=%d\n", testenv.Nobody)
	s := e.Supervise(bad + section(t, "web", httpd))
	wantOrder(t, s.Log(), "going on with the others", "bad ended before it was live: exit status 1", "live component=supervisor", "unit=web")
	before := e.Units()
	u := becomes(t, e, "bad", "waits longer and longer", func(u msg.Unit) bool { return u.State == "waiting" && u.Restarts >= 4 })
	if u.RetryIn > 1.6 || u.LastEnd != "exit status 1" || u.PID != 0 {
		t.Errorf("%+v", u)
	}
	wantOrder(t, s.Log(), "again_in=100ms", "again_in=200ms", "again_in=400ms", "again_in=800ms")
	if out := order(t, e, "status"); !strings.Contains(out, "\nbad      waiting ") {
		t.Errorf("status:\n%s", out)
	}
	if got := runFF(t, e, "restart", "bad"); got.Code != 1 || got.Stderr != "ff: bad ended before it was live: exit status 1\n" {
		t.Errorf("%+v", got)
	}
	order(t, e, "stop", "bad")
	if u := e.Units()["bad"]; u.State != "stopped" {
		t.Errorf("%+v", u)
	}
	wantUntouched(t, before, e.Units(), "primary", "web")
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

// TestSupervisorRefusesBadInput gives a supervisor what cannot work: it says so in one line and starts nothing.
func TestSupervisorRefusesBadInput(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	good := section(t, "web", httpd)
	supervise := func(c testenv.Command) testenv.Result {
		c.Path = testenv.Build(t, testenv.FFPrimary)
		c.Args = append(c.Args, "--supervise", "--log-level", "error")
		return testenv.Finish(t, c)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"no command":     {"command=", "#", "[proc.web]: needs command: the program to run"},
		"no such file":   {"command=", "command=/nosuch", "[proc.web] command=/nosuch/"},
		"no program":     {"command=", "command=/etc/passwd #", "[proc.web] command=/etc/passwd: permission denied"},
		"no user":        {"user=", "#", "[proc.web]: needs user: the user that it runs as, such as nobody"},
		"no such user":   {"user=65534", "user=nosuchuser", "[proc.web] user=nosuchuser: there is no such user: create it (useradd --system nosuchuser)"},
		"no such number": {"user=65534", "user=54321", "[proc.web] user=54321: there is no such user"},
		"no such CPU":    {"user=", "lcores=127\nuser=", "[proc.web] lcores: lcore 127 is no CPU that this process may use"},
		"unknown key":    {"user=", "usr=1\nuser=", "[proc.web] usr=1: unknown key; did you mean user?"},
	} {
		t.Run(name, func(t *testing.T) {
			conf := variant(t, e, "\nprefix_len=64\n", "\nprefix_len=64\n"+strings.Replace(good, c.old, c.new, 1))
			wantOneLine(t, supervise(testenv.Command{Args: []string{"--conf", conf}}), c.want)
		})
	}
	t.Run("not root", func(t *testing.T) {
		wantOneLine(t, supervise(testenv.Command{Args: []string{"--conf", e.Conf}, Unprivileged: true}),
			"the primary needs root: start its supervisor as root")
	})
	t.Run("primary that cannot start", func(t *testing.T) {
		got := supervise(testenv.Command{Args: []string{"--conf", variant(t, e, "iface="+e.Device, "iface=nosuch0")}})
		lines := strings.Split(got.Stderr, "\n")
		if got.Code != 1 || len(lines) != 3 || !strings.Contains(lines[0], "iface=nosuch0: there is no such interface") ||
			lines[1] != "ff-primary: primary ended before it was live: exit status 1" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("primary that runs already", func(t *testing.T) {
		e.Start()
		got := supervise(testenv.Command{Args: []string{"--conf", e.Conf}})
		if got.Code != 1 || !strings.Contains(got.Stderr, "runs already, pid ") {
			t.Errorf("%+v", got)
		}
		if err := e.Primary.Stop(); err != nil {
			t.Error(err)
		}
	})
	wantNothingLeft(t, e)
	if kept := e.Kept(); len(kept) > 0 {
		t.Errorf("processes %v are left", kept)
	}
}

// TestStopWhileStarting ends a supervisor that still waits for a process to be live.
func TestStopWhileStarting(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	s := e.LaunchSupervisor(fmt.Sprintf("[proc.slow]\ncommand=/bin/sleep 1000\nuser=%d\n", testenv.Nobody) + section(t, "web", httpd))
	s.WaitLog("unit=slow")
	start := time.Now()
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	if strings.Contains(s.Log(), "unit=web") || strings.Contains(s.Log(), "all started") {
		t.Errorf("something else was started:\n%s", s.Log())
	}
}

// TestSupervisorAfterAKilledOne takes over the primary of a supervisor that was killed, and drains the secondary that is left of that: nobody notices.
func TestSupervisorAfterAKilledOne(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	old := e.Supervise(section(t, "web", httpd))
	left := e.Units()
	l := patientLoad(t, e)
	l.wantMore(t, 50)
	if err := old.Cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	next := e.Supervise("", "--takeover")
	units := e.Units()
	if units["primary"].PID == left["primary"].PID || units["web"].PID == left["web"].PID {
		t.Errorf("%+v, was %+v", units, left)
	}
	l.wantMore(t, 50)
	id, ok := attached(t, e)[left["web"].PID]
	if !ok {
		t.Fatal("the one that is left has not come back")
	}
	order(t, e, "drain", "-p", strconv.Itoa(id))
	l.wantMore(t, 50)
	l.stop()
	l.wantNoFailure(t)
	wantUntouched(t, units, e.Units(), "primary", "web")
	<-old.Exited() // its output ends with those that it had started
	if err := next.Stop(); err != nil {
		t.Error(err)
	}
}

// TestRestartOfWhatCannotStart orders restarts that would fail: what runs goes on.
func TestRestartOfWhatCannotStart(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	e.Supervise(section(t, "web", httpd, "count=2"))
	before := e.Units()
	want := func(want string, args ...string) {
		t.Helper()
		if got := runFF(t, e, args...); got.Code != 1 || !strings.HasPrefix(got.Stderr, want) || strings.Count(got.Stderr, "\n") != 1 {
			t.Errorf("ff %v: %+v, want %q", args, got, want)
		}
	}
	e.Change("no_huge=1", "no_hug=1\nmtuu=3")
	want("ff: primary goes on as before: "+e.Conf+":4: [dpdk] no_hug=1: unknown key; did you mean no_huge? (and 1 more: ", "restart", "primary")
	e.Change("no_hug=1\nmtuu=3", "no_huge=1")
	wantUntouched(t, before, e.Units(), "primary", "web.0", "web.1")

	order(t, e, "stop", "primary")
	want("ff: web.0 goes on as before: the primary is stopped, not live (ff start primary)\n", "restart", "web.0")
	order(t, e, "start", "primary")
	testenv.Eventually(t, 10*time.Second, "both are back", func() bool { return len(attached(t, e)) == 2 })
	wantUntouched(t, before, e.Units(), "web.0", "web.1")
	if _, err := get(browser(e), testenv.Stack4); err != nil {
		t.Error(err)
	}
}

// TestKilledSupervisorLeavesTheService kills the supervisor: its processes serve on, and another
// supervisor says who is in the way.
func TestKilledSupervisorLeavesTheService(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	s := e.Supervise(section(t, "web", httpd))
	pids := e.Kept()
	if err := s.Cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 5*time.Second, "the supervisor is gone", func() bool {
		c, err := net.Dial("unixpacket", msg.SupervisorSocket(e.Socket))
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	if answer, err := get(browser(e), testenv.Stack4); err != nil || !strings.HasPrefix(answer, "hello") {
		t.Errorf("%q %v", answer, err)
	}
	got := testenv.Finish(t, testenv.Command{Path: testenv.Build(t, testenv.FFPrimary), Args: []string{"--supervise", "--conf", e.Conf}})
	if got.Code != 1 || !strings.Contains(got.Stderr, "a primary with file_prefix="+e.Prefix+" runs already, pid ") {
		t.Errorf("another supervisor: %+v", got)
	}
	if now := e.Kept(); fmt.Sprint(now) != fmt.Sprint(pids) {
		t.Errorf("processes %v, had been %v", now, pids)
	}
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	<-s.Exited() // its output ends with theirs
	testenv.Eventually(t, 5*time.Second, "all have ended", func() bool { return len(e.Kept()) == 0 })
	if err := e.Supervise("").Stop(); err != nil { // on what they have left
		t.Error(err)
	}
}
