package e2e

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"ringstack/msg"
)

// TestDetachedDoesNotGo leaves a detached secondary alive that goes on writing to its rings.
func TestDetachedDoesNotGo(t *testing.T) {
	h := newHostility(t)
	before := feel(t, h.tool)
	p := h.launch(t, "tx: null")
	p.WaitLog("detached")
	detached := time.Now()
	for held := true; held; held = h.proc(t, hostileProc).Mbufs > 0 {
		if time.Since(detached) > 2*time.Second {
			t.Fatal("its mbufs are not back two seconds after it was detached")
		}
		h.wantTaken(t)
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("mbufs back after %v", time.Since(detached).Round(time.Millisecond))
	awaitBalance(t, h.tool, noProcess)
	h.load.wantMore(t, 500)
	h.wantTaken(t)
	h.wantState(t, "detached")
	after := feel(t, h.tool)
	before.wantAlive(t, after)
	wantViolations(t, before, after, "not_mbuf")

	p.Kill()
	awaitBalance(t, h.tool, p.Cmd.Process.Pid)
	h.wantPeace(t)
}

// wantTaken checks that nobody gets the hostile secondary's slot.
func (h *hostility) wantTaken(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	client, reply, err := msg.Dial(ctx, h.e.Socket, msg.Hello{Role: msg.RoleSecondary, Program: "next", Proc: hostileProc})
	if err == nil {
		reply.CloseFDs()
		client.Close()
	}
	if !errors.Is(err, syscall.EBUSY) {
		t.Fatalf("attach with the proc id of a detached secondary that lives: %v", err)
	}
}
