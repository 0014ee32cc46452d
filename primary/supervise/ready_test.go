package supervise

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringstack/internal/notify"
)

// mouth speaks to an ear as the primary does.
func mouth(t *testing.T, ear *notify.Listener) net.Conn {
	t.Helper()
	path := strings.TrimPrefix(ear.Env()[0], "NOTIFY_SOCKET=")
	c, err := net.Dial("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func say(t *testing.T, c net.Conn, state string) {
	t.Helper()
	if _, err := c.Write([]byte(state)); err != nil {
		t.Fatal(err)
	}
}

// TestSilentPrimary starts primaries of which nothing is heard: before they are ready, and then.
func TestSilentPrimary(t *testing.T) {
	for _, c := range []struct {
		name, script string
		ready        bool
		end          string
	}{
		{"never ready", "exec sleep 1000", false, "signal: aborted"},
		{"hangs", "exec sleep 1000", true, "signal: aborted"},
		{"says where it hangs", "trap 'exit 7' ABRT; while :; do sleep 0.01; done", true, "exit status 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Supervisor{log: testLog(t)}
			ear, err := notify.Listen(filepath.Join(t.TempDir(), "notify.sock"), time.Second)
			if err != nil {
				t.Fatal(err)
			}
			child, err := shellStart(c.script, func() { ear.Close() })
			if err != nil {
				t.Fatal(err)
			}
			patience := 200 * time.Millisecond
			if c.ready {
				patience = time.Hour
				say(t, mouth(t, ear), notify.Ready)
			}
			s.hear(ear, child, patience, 200*time.Millisecond)
			<-child.ended
			if child.end != c.end && !strings.HasPrefix(child.end, c.end) || time.Since(child.since) < 200*time.Millisecond {
				t.Errorf("%s after %v, want %s", child.end, time.Since(child.since), c.end)
			}
			select {
			case <-child.live:
				if !c.ready {
					t.Error("taken for live")
				}
			default:
				if c.ready {
					t.Error("not taken for live")
				}
			}
		})
	}
}

// TestLivelyPrimary gives signs of life for longer than it may be silent, then ends.
func TestLivelyPrimary(t *testing.T) {
	s := &Supervisor{log: testLog(t)}
	ear, err := notify.Listen(filepath.Join(t.TempDir(), "notify.sock"), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	child, err := shellStart("exec sleep 0.6", func() { ear.Close() })
	if err != nil {
		t.Fatal(err)
	}
	primary := mouth(t, ear)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		s.hear(ear, child, time.Hour, 300*time.Millisecond)
	}()
	say(t, primary, "WATCHDOG=1\nREADY=1")
	for over := false; !over; {
		select {
		case <-child.ended:
			over = true
		case <-time.After(20 * time.Millisecond):
			primary.Write([]byte("WATCHDOG=1")) // fails when the ear has closed
		}
	}
	<-heard
	if child.end != "exit status 0" {
		t.Errorf("ended by %s", child.end)
	}
}

func shellStart(script string, atEnd func()) (*child, error) {
	p := shell(script)
	return p.start(atEnd)
}
