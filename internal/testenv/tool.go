package testenv

import (
	"context"
	"testing"
	"time"

	"ringstack/msg"
)

// Tool returns a client of the primary's control socket.
func (e *Env) Tool() *msg.Client {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, _, err := msg.Dial(ctx, e.Socket, msg.Hello{Role: msg.RoleTool})
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(c.Close)
	return c
}

// Ask makes a call that has to succeed.
func Ask[T any](t testing.TB, c *msg.Client, kind msg.Kind, in any) (reply T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Call(ctx, kind, in, &reply); err != nil {
		t.Fatal(err)
	}
	return reply
}

// Stats returns the primary's counters by name.
func Stats(t testing.TB, c *msg.Client) map[string]uint64 {
	t.Helper()
	stats := make(map[string]uint64)
	for _, s := range Ask[[]msg.Stat](t, c, msg.KindStats, nil) {
		stats[s.Name] = s.Value
	}
	return stats
}

// Eventually waits until ok holds, and fails the test when it does not within d.
func Eventually(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}
