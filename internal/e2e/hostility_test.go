package e2e

import (
	"fmt"
	"testing"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

const hostile = "ringstack/internal/e2e/hostile"

// Secondaries of the hostile tests: two httpd, one that hostile breaks the rules with, and one that
// holds an mbuf and keeps the rules.
const (
	hostileProc = 2
	holderProc  = 3
)

// hostility is a primary with two good secondaries under traffic.
type hostility struct {
	e      *testenv.Env
	tool   *msg.Client
	load   *load
	others string // address of an mbuf that holderProc holds
}

func newHostility(t *testing.T) *hostility {
	h := &hostility{e: testenv.New(t, testenv.Config{})}
	h.tool = h.e.Tool()
	h.e.Secondary(httpd)
	h.e.Secondary(httpd)
	holder := h.e.Launch(hostile, "hold", fmt.Sprint(holderProc), "0")
	holder.WaitLog("done")
	if _, err := fmt.Sscanf(holder.Log(), "attached\nholds %s\n", &h.others); err != nil {
		t.Fatalf("%q: %v", holder.Log(), err)
	}
	h.load = newLoad(t, h.e, 4, 3)
	h.load.wantMore(t, 50)
	return h
}

// launch starts a hostile secondary, which lives until t ends.
func (h *hostility) launch(t *testing.T, name string) *testenv.Process {
	t.Helper()
	p := h.e.Launch(hostile, name, fmt.Sprint(hostileProc), h.others)
	t.Cleanup(p.Kill)
	p.WaitLog("attached")
	return p
}

func (h *hostility) proc(t *testing.T, id int) msg.Proc {
	t.Helper()
	for _, p := range testenv.Ask[msg.PsReply](t, h.tool, msg.KindPs, nil).Procs {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("ps does not show proc %d", id)
	return msg.Proc{}
}

func (h *hostility) wantState(t *testing.T, state string) {
	t.Helper()
	if p := h.proc(t, hostileProc); p.State != state {
		t.Errorf("proc %d is %s, want %s", hostileProc, p.State, state)
	}
}

// wantPeace checks that nobody else was harmed, and that the proc id serves again.
func (h *hostility) wantPeace(t *testing.T) {
	t.Helper()
	if p := h.proc(t, holderProc); p.State != "live" && p.State != "stalled" || p.Mbufs == 0 { // it does nothing but hold
		t.Errorf("the secondary whose mbuf was abused: %+v", p)
	}
	h.e.Secondary(httpd).WaitLog(fmt.Sprintf("proc %d ", hostileProc))
	h.load.wantMore(t, 100)
	testenv.Eventually(t, answerWithin, "an httpd with the hostile proc id serves", func() bool {
		return testenv.Stats(t, h.tool)[fmt.Sprintf("proc%d.tx_packets", hostileProc)] > 0
	})
	h.load.stop()
	h.load.wantNoFailure(t)
}
