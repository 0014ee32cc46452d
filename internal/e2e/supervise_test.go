package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// section is a [proc.NAME] with a program of this repository.
func section(t *testing.T, name, program string, keys ...string) string {
	t.Helper()
	return fmt.Sprintf("[proc.%s]\ncommand=%s\nuser=%d\n%s\n", name, testenv.Build(t, program), testenv.Nobody, strings.Join(keys, "\n"))
}

// order runs a tool that has to succeed, and returns what it prints.
func order(t *testing.T, e *testenv.Env, args ...string) string {
	t.Helper()
	got := runFF(t, e, args...)
	if got.Code != 0 || got.Stderr != "" {
		t.Fatalf("ff %v: %+v", args, got)
	}
	return got.Stdout
}

func runFF(t *testing.T, e *testenv.Env, args ...string) testenv.Result {
	t.Helper()
	return testenv.Finish(t, testenv.Command{
		Path: testenv.Build(t, "ringstack/tools/ff"), Args: args, Env: []string{"FF_SOCKET=" + e.Socket},
	})
}

// becomes waits for a state of a unit.
func becomes(t *testing.T, e *testenv.Env, name, what string, ok func(msg.Unit) bool) (u msg.Unit) {
	t.Helper()
	testenv.Eventually(t, 10*time.Second, name+" "+what, func() bool {
		u = e.Units()[name]
		return ok(u)
	})
	return u
}

// attached returns the proc ids of the live secondaries by pid.
func attached(t *testing.T, e *testenv.Env) map[int]int {
	t.Helper()
	ids := make(map[int]int)
	for _, p := range testenv.Ask[msg.PsReply](t, e.Tool(), msg.KindPs, nil).Procs {
		if p.Role == msg.RoleSecondary && p.State == "live" {
			ids[p.PID] = p.ID
		}
	}
	return ids
}

// TestSupervisor keeps a service of three processes: it starts, restarts and stops it.
func TestSupervisor(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	s := e.Supervise(section(t, "web", httpd, "count=2", "proc_id=4", "group=site", "env=MARK=yes") + section(t, "lines", echo))
	tool := e.Tool()

	t.Run("starts all", func(t *testing.T) {
		units := e.Units()
		if len(units) != 4 {
			t.Fatalf("units %v", units)
		}
		ids := attached(t, e)
		for name, id := range map[string]int{"web.0": 4, "web.1": 5, "lines": 0} {
			u := units[name]
			if got, ok := ids[u.PID]; u.State != "live" || !ok || got != id || u.Restarts != 0 {
				t.Errorf("%+v has proc id %d, want %d", u, got, id)
			}
		}
		for _, p := range testenv.Ask[msg.PsReply](t, tool, msg.KindPs, msg.ProcRequest{Proc: 5}).Procs {
			if p.ID == 5 && (p.UID != testenv.Nobody || p.Group != "site" || p.Program != "httpd") {
				t.Errorf("%+v", p)
			}
		}
		if answer, err := get(browser(e), testenv.Stack4); err != nil || !strings.HasPrefix(answer, "hello from proc") {
			t.Errorf("%q %v", answer, err)
		}
		wantStartOrder(t, s, "primary", "web.0", "web.1", "lines")
	})

	t.Run("starts again what was killed", func(t *testing.T) {
		before := e.Units()
		old := programOf(t, before["web.1"].PID)
		syscall.Kill(before["web.1"].PID, syscall.SIGKILL)
		u := becomes(t, e, "web.1", "is started again", func(u msg.Unit) bool { return u.State == "live" && u.PID != before["web.1"].PID })
		if u.Restarts != 1 || u.LastEnd != "signal: killed" {
			t.Errorf("%+v", u)
		}
		if now := programOf(t, u.PID); now != old {
			t.Errorf("started again as\n%s\nwas\n%s", now, old)
		}
		if id, ok := attached(t, e)[u.PID]; !ok || id != 5 {
			t.Errorf("it has proc id %d", id)
		}
		wantUntouched(t, before, e.Units(), "primary", "web.0", "lines")
	})

	t.Run("obeys", func(t *testing.T) {
		before := e.Units()
		order(t, e, "stop", "web.0")
		units := e.Units()
		if u := units["web.0"]; u.State != "stopped" || u.PID != 0 || processExists(before["web.0"].PID) {
			t.Errorf("%+v", u)
		}
		wantUntouched(t, before, units, "primary", "web.1", "lines")
		shown := slices.IndexFunc(strings.Split(order(t, e, "status"), "\n"), func(line string) bool {
			return strings.Join(strings.Fields(line), " ") == "web.0 stopped - - 0 exit status 0"
		})
		if shown != 2 {
			t.Errorf("status shows it in line %d:\n%s", shown, order(t, e, "status"))
		}
		order(t, e, "start", "web")
		if u := e.Units()["web.0"]; u.State != "live" || attached(t, e)[u.PID] != 4 {
			t.Errorf("%+v", u)
		}
		before = e.Units()
		order(t, e, "restart", "web")
		units = e.Units()
		wantUntouched(t, before, units, "primary", "lines")
		for _, name := range []string{"web.0", "web.1"} {
			if u := units[name]; u.State != "live" || u.PID == before[name].PID {
				t.Errorf("%+v, was %+v", u, before[name])
			}
		}
		if got := runFF(t, e, "stop", "wbe"); got.Code != 1 || got.Stderr != "ff: no process is called \"wbe\": there are primary, web, lines\n" {
			t.Errorf("%+v", got)
		}
	})

	t.Run("obeys only who may", func(t *testing.T) {
		for _, c := range []struct {
			args []string
			code int
			want string
		}{
			{[]string{"status"}, 0, ""},
			{[]string{"restart", "lines"}, 0, ""},
			{[]string{"stop", "primary"}, 1, "ff: primary runs as uid 0: only that user and root may start and stop it\n"},
		} {
			got := testenv.Finish(t, testenv.Command{
				Path: testenv.Build(t, "ringstack/tools/ff"), Args: c.args, Env: []string{"FF_SOCKET=" + e.Socket}, Unprivileged: true,
			})
			if got.Code != c.code || got.Stderr != c.want {
				t.Errorf("%v: %+v", c.args, got)
			}
		}
	})

	t.Run("starts the primary again", func(t *testing.T) {
		for _, end := range []func(){
			func() { syscall.Kill(e.Units()["primary"].PID, syscall.SIGKILL) },
			func() { order(t, e, "restart", "primary") },
		} {
			before := e.Units()
			end()
			becomes(t, e, "primary", "is started again", func(u msg.Unit) bool { return u.State == "live" && u.PID != before["primary"].PID })
			testenv.Eventually(t, 10*time.Second, "all secondaries are back", func() bool {
				ids := attached(t, e)
				units := e.Units()
				return len(ids) == 3 && ids[units["web.0"].PID] == 4 && ids[units["web.1"].PID] == 5
			})
			wantUntouched(t, before, e.Units(), "web.0", "web.1", "lines")
			if _, err := get(browser(e), testenv.Stack4); err != nil {
				t.Error(err)
			}
		}
	})

	t.Run("outlives its terminal", func(t *testing.T) {
		before := e.Units()
		s.Cmd.Process.Signal(syscall.SIGHUP)
		s.WaitLog("SIGHUP changes nothing")
		wantUntouched(t, before, e.Units(), slices.Collect(maps.Keys(before))...)
	})

	t.Run("refuses a second", func(t *testing.T) {
		got := testenv.Finish(t, testenv.Command{Path: testenv.Build(t, testenv.FFPrimary), Args: []string{"--supervise", "--conf", e.Conf}})
		wantOneLine(t, got, fmt.Sprintf("a supervisor with file_prefix=%s runs already, pid %d: stop it or choose another file_prefix",
			e.Prefix, s.Cmd.Process.Pid))
	})

	t.Run("stops all", func(t *testing.T) {
		started := len(s.Log())
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		wantOrder(t, s.Log()[started:], "stopping component=supervisor pid=", "unit=lines", "exit status 0", "unit=lines",
			"stopping component=supervisor pid=", "unit=web.", "stopping component=supervisor pid=", "unit=web.",
			"exit status 0", "unit=web.", "exit status 0", "unit=web.",
			"stopping component=supervisor pid=", "unit=primary", "exit status 0", "unit=primary", "stopped component=supervisor")
		if kept := e.Kept(); len(kept) > 0 {
			t.Errorf("processes %v are left", kept)
		}
		for _, path := range []string{e.Socket, msg.SupervisorSocket(e.Socket), "/run/ringstack/" + e.Prefix + "/notify.sock",
			"/run/ringstack/" + e.Prefix + "/supervisor.lock", "/var/run/dpdk/" + e.Prefix} {
			if _, err := os.Lstat(path); err == nil {
				t.Errorf("%s is left", path)
			}
		}
		got := runFF(t, e, "status")
		if got.Code != 1 || !strings.HasPrefix(got.Stderr, "ff: no supervisor answers at "+e.Dir+"/supervisor.sock: start ff-primary --supervise") {
			t.Errorf("%+v", got)
		}
	})
}

// programOf returns a process's command line and environment.
func programOf(t *testing.T, pid int) (text string) {
	t.Helper()
	for _, file := range []string{"cmdline", "environ"} {
		part, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), file))
		if err != nil {
			t.Fatal(err)
		}
		text += strings.ReplaceAll(string(part), "\x00", "\n") + "\n"
	}
	return text
}

func processExists(pid int) bool { return syscall.Kill(pid, 0) == nil }

// wantUntouched checks that units still have the process that they had.
func wantUntouched(t *testing.T, before, after map[string]msg.Unit, names ...string) {
	t.Helper()
	for _, name := range names {
		if after[name].PID != before[name].PID || after[name].State != "live" {
			t.Errorf("%s was touched: %+v, then %+v", name, before[name], after[name])
		}
	}
}

// wantStartOrder checks that each process was started when the one before was live.
func wantStartOrder(t *testing.T, s *testenv.Process, names ...string) {
	t.Helper()
	var want []string
	for _, name := range names {
		want = append(want, "started component=supervisor", "unit="+name+"\n", "live component=supervisor", "unit="+name+"\n")
	}
	wantOrder(t, s.Log(), want...)
}

// wantOrder checks that texts come in this order.
func wantOrder(t *testing.T, log string, texts ...string) {
	t.Helper()
	rest := log
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("no %q where it has to be in\n%s", text, log)
		}
		rest = after
	}
}
