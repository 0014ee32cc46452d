package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/secondary"
)

// TestErrorsReachTheirFlow has secondaries share a port, with a narrow link on the way to their clients. Of "fragmentation needed" and
// "packet too big", only the one hears that has sent what was too big, and it sends less from then on: on connections in its buckets,
// on those that were pinned to it when a bucket moved, and on those that it has opened itself.
func TestErrorsReachTheirFlow(t *testing.T) {
	e := testenv.New(t, testenv.Config{Relay: &testenv.Impairment{MTU: 1280}})
	tool := e.Tool()
	other, sender := bulkServer(t, e), bulkServer(t, e)
	conns := map[string][]net.Conn{}
	for _, ips := range [][2]string{{testenv.Stack4, testenv.Peer4}, {testenv.Stack6, testenv.Peer6}} {
		conns["shared port"] = append(conns["shared port"], bulkConns(t, e, ips[0], sender.ProcID(), 12)...)
		conns["leased port"] = append(conns["leased port"], bulkDial(t, e, sender, ips[1]))
	}
	newcomer := bulkServer(t, e) // gets buckets of both
	testenv.Eventually(t, 5*time.Second, "buckets move", func() bool {
		stats := testenv.Stats(t, tool)
		return stats["dispatch.moving_buckets"] == 0 && stats[fmt.Sprintf("proc%d.pins", sender.ProcID())] > 0
	})
	heard := func(s *secondary.Secondary) int {
		return counter(t, tool, s.ProcID(), "net.inet.icmp.stats.errors")
	}
	for kind, list := range conns {
		for i, c := range list {
			before := heard(sender)
			wantBulk(t, c)
			if heard(sender) == before {
				t.Errorf("%s, connection %d: nobody has told the sender that its segments are too big", kind, i)
			}
		}
	}
	if n := counter(t, tool, sender.ProcID(), "net.inet.icmp.stats.unmatched"); n > 0 {
		t.Errorf("the sender took %d errors for forged", n)
	}
	for _, s := range []*secondary.Secondary{other, newcomer} {
		if n := heard(s); n > 0 {
			t.Errorf("proc %d has heard %d errors about packets of proc %d", s.ProcID(), n, sender.ProcID())
		}
	}
}

const bulkPort = "5000"

// bulkServer attaches a secondary that answers connections with its proc id, and each number in a line with so many bytes.
func bulkServer(t *testing.T, e *testenv.Env) *secondary.Secondary {
	t.Helper()
	s := attach(t, e, "bulk")
	l, err := s.Listen("tcp", ":"+bulkPort)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(c, s.ProcID())
			go sendBulk(c)
		}
	}()
	return s
}

func sendBulk(c net.Conn) {
	defer c.Close()
	for in := bufio.NewScanner(c); in.Scan(); {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			return
		}
		if _, err := c.Write(file(n)); err != nil {
			return
		}
	}
}

// wantBulk has the other end send more than fits its first segments.
func wantBulk(t *testing.T, c net.Conn) {
	t.Helper()
	const n = 100000
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(c, n); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, n)
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, file(n)) {
		t.Fatalf("%s: %v, or other bytes", c.RemoteAddr(), err)
	}
}

// bulkConns opens connections until n of them have led to a proc.
func bulkConns(t *testing.T, e *testenv.Env, ip string, proc, n int) (conns []net.Conn) {
	t.Helper()
	for len(conns) < n {
		c, err := e.DialContext(t.Context(), "tcp", net.JoinHostPort(ip, bulkPort))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		var answer [8]byte
		k, err := c.Read(answer[:])
		if err != nil {
			t.Fatal(err)
		}
		if string(answer[:k]) == fmt.Sprintln(proc) {
			conns = append(conns, c)
		}
	}
	return conns
}

// bulkDial has a secondary open a connection on which it sends, and returns the other end.
func bulkDial(t *testing.T, e *testenv.Env, s *secondary.Secondary, ip string) net.Conn {
	t.Helper()
	l := e.Listen("tcp", net.JoinHostPort(ip, "0"))
	c, err := s.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	go sendBulk(c)
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return far
}
