package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
	"ringstack/secondary"
)

// attach makes the test process a secondary of its own.
func attach(t testing.TB, e *testenv.Env, group string) *secondary.Secondary {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := secondary.Attach(ctx, secondary.Config{Socket: e.Socket, Program: "test", Group: group})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// answerAll answers each connection to l with lines that start with name.
func answerAll(l net.Listener, name string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			for in := bufio.NewScanner(c); in.Scan(); {
				fmt.Fprintf(c, "%s %s\n", name, in.Text())
			}
		}()
	}
}

// exchange sends a line and returns the line that comes back.
func exchange(c net.Conn, line string) (string, error) {
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintln(c, line); err != nil {
		return "", err
	}
	got, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return "", err
	}
	return got[:len(got)-1], nil
}

// open connects from the namespace to a port of the stack until the test ends.
func open(t testing.TB, e *testenv.Env, network string, port int) net.Conn {
	t.Helper()
	c, err := e.DialContext(t.Context(), network, net.JoinHostPort(testenv.Stack4, strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// wantAnswers checks that n new connections to a port each get the answer want to the line "hello".
func wantAnswers(t testing.TB, e *testenv.Env, network string, port, n int, want string) {
	t.Helper()
	for range n {
		c := open(t, e, network, port)
		if got, err := exchange(c, "hello"); err != nil || got != want {
			t.Fatalf("%s port %d answers %q (%v), want %q", network, port, got, err, want)
		}
		c.Close()
	}
}

// counter reads a counter of one secondary's stack.
func counter(t testing.TB, tool *msg.Client, proc int, name string) int {
	t.Helper()
	rows := testenv.Ask[[]msg.SysctlRow](t, tool, msg.KindSysctl, msg.SysctlRequest{Proc: proc, Name: name})
	if len(rows) != 1 {
		t.Fatalf("%s of proc %d: %v", name, proc, rows)
	}
	n, err := strconv.Atoi(rows[0].Value)
	if err != nil {
		t.Fatalf("%s of proc %d: %v", name, proc, rows)
	}
	return n
}
