package notify

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// listen opens a manager's ear and puts it into the environment.
func listen(t *testing.T, watchdog time.Duration) *Listener {
	t.Helper()
	l, err := Listen(filepath.Join(t.TempDir(), "notify.sock"), watchdog)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	t.Setenv(watchdogEnv, "")
	t.Setenv(watchdogPIDEnv, "")
	for _, line := range l.Env() {
		name, value, _ := strings.Cut(line, "=")
		t.Setenv(name, value)
	}
	return l
}

func open(t *testing.T) *Manager {
	t.Helper()
	m, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func wantHeard(t *testing.T, l *Listener, want Heard) {
	t.Helper()
	got, err := l.Next(time.Now().Add(5 * time.Second))
	if err != nil || got != want {
		t.Fatalf("heard %+v %v, want %+v", got, err, want)
	}
}

func TestNotices(t *testing.T) {
	l := listen(t, 0)
	m := open(t)
	for _, name := range []string{socketEnv, watchdogEnv, watchdogPIDEnv} {
		if value, ok := os.LookupEnv(name); ok {
			t.Errorf("%s=%s is left for children", name, value)
		}
	}
	for _, states := range [][]string{{Ready}, {"STATUS=x", Ready}, {Stopping}, {"READY=0"}, {strings.Repeat("x", 2*maxNotice)}} {
		if err := m.Send(states...); err != nil {
			t.Fatal(err)
		}
	}
	wantHeard(t, l, Heard{Ready: true})
	wantHeard(t, l, Heard{Ready: true})
	for range 3 {
		wantHeard(t, l, Heard{})
	}
	m.KeepAlive(t.Context(), func() bool { t.Error("no sign of life was asked for"); return true })
	if _, err := l.Next(time.Now().Add(-1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Next(time.Time{}); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := os.Lstat(filepath.Dir(l.conn.LocalAddr().String())); err != nil {
		t.Error(err)
	}
}

// TestSignsOfLife stops to be alive, and then hangs.
func TestSignsOfLife(t *testing.T) {
	l := listen(t, 30*time.Millisecond)
	m := open(t)
	var turns atomic.Int32
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.KeepAlive(t.Context(), func() bool { return turns.Add(1) <= 3 })
	}()
	for range 3 {
		wantHeard(t, l, Heard{Alive: true})
	}
	<-ended
	if h, err := l.Next(time.Now().Add(50 * time.Millisecond)); err == nil {
		t.Errorf("heard %+v from the dead", h)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m.KeepAlive(ctx, func() bool { return true })
	wantHeard(t, l, Heard{Alive: true})
}

func TestEnvironment(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
		bad       bool
	}{
		{"1000000", "", time.Second, false},
		{"1000000", "1", 0, false}, // for another process
		{"0", "", 0, true},
		{"-1", "", 0, true},
		{"soon", "", 0, true},
		{"99999999999999999999", "", 0, true},
		{"9223372036854775807", "", 0, true},
	} {
		listen(t, 0)
		t.Setenv(watchdogEnv, c.usec)
		t.Setenv(watchdogPIDEnv, c.pid)
		m, err := Open()
		if (err != nil) != c.bad || err == nil && m.watchdog != c.want {
			t.Errorf("%+v: %+v %v", c, m, err)
		}
	}
	t.Setenv(socketEnv, "/nosuch/socket")
	if _, err := Open(); err == nil || !strings.Contains(err.Error(), "NOTIFY_SOCKET") {
		t.Error(err)
	}
}

// TestNobody sends where there is no manager.
func TestNobody(t *testing.T) {
	t.Setenv(socketEnv, "")
	m := open(t)
	if err := m.Send(Ready); err != nil {
		t.Error(err)
	}
	m.KeepAlive(t.Context(), func() bool { t.Error("asked"); return false })
}
