package e2e

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/internal/testenv"
)

// manager is a service manager that wants a sign of life every 60 ms.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
}

func newManager(t *testing.T, e *testenv.Env) *manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(e.Dir, "manager.sock"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &manager{t, conn}
}

func (m *manager) env() []string {
	return []string{"NOTIFY_SOCKET=" + m.conn.LocalAddr().String(), "WATCHDOG_USEC=60000"}
}

// hear returns the next notice, or "" when there is none within d.
func (m *manager) hear(d time.Duration) string {
	m.t.Helper()
	notice := make([]byte, 100)
	m.conn.SetReadDeadline(time.Now().Add(d))
	n, err := m.conn.Read(notice)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		m.t.Fatal(err)
	}
	return string(notice[:n])
}

func (m *manager) wantHeard(want ...string) {
	m.t.Helper()
	for _, notice := range want {
		if got := m.hear(20 * time.Second); got != notice {
			m.t.Fatalf("heard %q, want %q", got, notice)
		}
	}
}

// TestServiceManager listens to what a primary and a supervisor tell the service manager.
func TestServiceManager(t *testing.T) {
	for name, args := range map[string][]string{"primary": nil, "supervisor": {"--supervise"}} {
		t.Run(name, func(t *testing.T) {
			e := testenv.Network(t, testenv.Config{})
			m := newManager(t, e)
			p := e.Run(testenv.Command{Path: testenv.Build(t, testenv.FFPrimary), Args: append(args, "--conf", e.Conf), Env: m.env()})
			m.wantHeard("READY=1")
			e.Tool() // it is ready
			m.wantHeard("WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1")
			stopped := make(chan error)
			go func() { stopped <- p.Stop() }()
			for got := m.hear(20 * time.Second); got != "STOPPING=1"; got = m.hear(20 * time.Second) {
				if got != "WATCHDOG=1" {
					t.Fatalf("heard %q", got)
				}
			}
			if err := <-stopped; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWatchdogWatchesThePollLoop holds the thread of the poll loop, and no other: there is no sign of
// life until it is let go.
func TestWatchdogWatchesThePollLoop(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	m := newManager(t, e)
	p := e.Run(testenv.Command{Path: testenv.Build(t, testenv.FFPrimary), Args: []string{"--conf", e.Conf}, Env: m.env()})
	m.wantHeard("READY=1", "WATCHDOG=1")
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	tid := pollThread(t, p.Cmd.Process.Pid)
	err := errors.Join(unix.PtraceSeize(tid), unix.PtraceInterrupt(tid))
	if err == nil {
		_, err = unix.Wait4(tid, nil, unix.WALL, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	for m.hear(200*time.Millisecond) != "" { // said before
	}
	if got := m.hear(500 * time.Millisecond); got != "" {
		t.Errorf("heard %q while the poll loop hangs", got)
	}
	if err := unix.PtraceDetach(tid); err != nil {
		t.Fatal(err)
	}
	m.wantHeard("WATCHDOG=1", "WATCHDOG=1")
}

// pollThread returns the one thread of a primary that is on lcore 0 alone.
func pollThread(t *testing.T, pid int) (tid int) {
	t.Helper()
	statuses, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status") // the pattern is well-formed
	found := 0
	for _, path := range statuses {
		status, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(status), "\nCpus_allowed_list:\t0\n") {
			tid, _ = strconv.Atoi(filepath.Base(filepath.Dir(path)))
			found++
		}
	}
	if found != 1 {
		t.Fatalf("%d of %d threads are on lcore 0 alone", found, len(statuses))
	}
	return tid
}

// TestPrimaryInItsUnit runs primary and supervisor with the capabilities and the environment that the
// shipped unit gives them.
func TestPrimaryInItsUnit(t *testing.T) {
	text, err := os.ReadFile("../../packaging/systemd/ringstack.service")
	if err != nil {
		t.Fatal(err)
	}
	_, primaryCaps, found := strings.Cut(string(text), "\nCapabilityBoundingSet=")
	_, moreCaps, foundMore := strings.Cut(string(text), "#   CapabilityBoundingSet=")
	if !found || !foundMore {
		t.Fatalf("no capabilities in\n%s", text)
	}
	primaryCaps, _, _ = strings.Cut(primaryCaps, "\n")
	moreCaps, _, _ = strings.Cut(moreCaps, "\n")
	confined := func(e *testenv.Env, caps string, args ...string) testenv.Command {
		set := "--bounding-set=-all,+" + strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(caps, " ", ",+"), "CAP_", ""))
		return testenv.Command{
			Path: "/usr/bin/setpriv",
			Args: append([]string{set, "--inh-caps=-all", "--no-new-privs", testenv.Build(t, testenv.FFPrimary), "--conf", e.Conf}, args...),
			Env:  []string{"RUNTIME_DIRECTORY=/run/ringstack:/run/dpdk"},
		}
	}
	wantServed := func(t *testing.T, e *testenv.Env) {
		t.Helper()
		if _, err := os.Stat("/run/dpdk/" + e.Prefix + "/config"); err != nil {
			t.Error(err)
		}
		if _, err := get(browser(e), testenv.Stack4); err != nil {
			t.Error(err)
		}
	}
	for _, hugepages := range []bool{true, false} {
		t.Run("primary "+map[bool]string{true: "with hugepages", false: "without hugepages"}[hugepages], func(t *testing.T) {
			e := testenv.Network(t, testenv.Config{Hugepages: hugepages})
			e.Primary = e.Run(confined(e, primaryCaps))
			e.Primary.WaitLog("ready for secondaries")
			e.Secondary(httpd)
			wantServed(t, e)
			if err := e.Primary.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("supervisor", func(t *testing.T) {
		e := testenv.Network(t, testenv.Config{})
		conf, err := os.OpenFile(e.Conf, os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = conf.WriteString(section(t, "web", httpd))
			conf.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		s := e.Run(confined(e, primaryCaps+" "+moreCaps, "--supervise"))
		s.WaitLog("all started")
		wantServed(t, e)
		if u := e.Units()["web"]; u.State != "live" {
			t.Errorf("%+v", u)
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
}
