package e2e

import (
	"context"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// crime is what a hostile secondary does, and which violation that is.
type crime struct {
	name      string
	violation string // "": it is no violation
	asked     bool   // it needs requests to answer
}

var crimes = []crime{
	{name: "tx: null", violation: "not_mbuf"},
	{name: "tx: outside", violation: "not_mbuf"},
	{name: "tx: no pool", violation: "not_mbuf"},
	{name: "tx: misaligned", violation: "not_mbuf"},
	{name: "tx: midst", violation: "not_mbuf"},
	{name: "tx: another's", violation: "not_owner"},
	{name: "tx: twice", violation: "not_owner"},
	{name: "tx: freed", violation: "not_owner"},
	{name: "free: null", violation: "not_mbuf"},
	{name: "free: outside", violation: "not_mbuf"},
	{name: "free: no pool", violation: "not_mbuf"},
	{name: "free: misaligned", violation: "not_mbuf"},
	{name: "free: midst", violation: "not_mbuf"},
	{name: "free: another's", violation: "not_owner"},
	{name: "free: twice", violation: "not_owner"},
	{name: "free: headers"},

	{name: "tx: past buffer", violation: "bad_length"},
	{name: "tx: offset", violation: "bad_length"},
	{name: "tx: longest", violation: "bad_length"},
	{name: "tx: empty", violation: "bad_length"},
	{name: "tx: short", violation: "bad_length"},
	{name: "tx: past MTU", violation: "bad_length"},
	{name: "tx: two segments", violation: "bad_chain"},
	{name: "tx: zero segments", violation: "bad_chain"},
	{name: "tx: next", violation: "bad_chain"},
	{name: "tx: next is self", violation: "bad_chain"},

	{name: "position: tx ahead", violation: "bad_ring"},
	{name: "position: tx back", violation: "bad_ring"},
	{name: "position: free ahead", violation: "bad_ring"},
	{name: "position: free back", violation: "bad_ring"},
	{name: "position: msg_out ahead", violation: "bad_ring"},
	{name: "position: msg_out back", violation: "bad_ring"},
	{name: "position: alloc ahead", violation: "bad_ring"},
	{name: "position: alloc back", violation: "bad_ring"},
	{name: "position: dispatch ahead", violation: "bad_ring"},
	{name: "position: dispatch back", violation: "bad_ring"},
	{name: "answer: position", violation: "bad_ring", asked: true},
	{name: "foreign ends"},
	{name: "doorbell"},

	{name: "answer: unknown buffer", violation: "bad_message", asked: true},
	{name: "answer: misplaced buffer", violation: "bad_message", asked: true},
	{name: "answer: twice", violation: "bad_message", asked: true},
	{name: "answer: id", violation: "bad_message", asked: true},
	{name: "answer: kind", violation: "bad_message", asked: true},
	{name: "answer: length", violation: "bad_message", asked: true},
	{name: "answer: longest", violation: "bad_message", asked: true},
	{name: "answer: status", violation: "bad_message", asked: true},
	{name: "answer: no header", violation: "bad_message", asked: true},
	{name: "answer: end without end", violation: "bad_message", asked: true},
}

// TestHostile commits every crime, one after the other with one proc id, under traffic of two good
// secondaries of which nothing may fail.
func TestHostile(t *testing.T) {
	h := newHostility(t)
	for _, c := range crimes {
		t.Run(c.name, func(t *testing.T) { h.commit(t, c) })
	}
	h.wantPeace(t)
}

// commit has a crime committed and checks that only the criminal suffers.
func (h *hostility) commit(t *testing.T, c crime) {
	before := feel(t, h.tool)
	p := h.launch(t, c.name)
	if c.asked {
		defer h.keepAsking()()
	}
	if c.violation == "" {
		p.WaitLog("done")
		h.load.wantMore(t, 100)
		h.wantState(t, "live")
	} else {
		h.awaitViolation(t, before, c.violation)
		p.WaitLog("detached by the primary: violation: " + c.violation)
		h.load.wantMore(t, 30) // while it writes more rubbish
		h.wantState(t, "detached")
	}
	p.Kill()
	awaitBalance(t, h.tool, p.Cmd.Process.Pid)
	after := feel(t, h.tool)
	before.wantAlive(t, after)
	wantViolations(t, before, after, c.violation)
	h.load.wantNoFailure(t)
}

// keepAsking makes requests to the hostile secondary, whatever comes of them, until it is called off.
func (h *hostility) keepAsking() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			h.tool.Call(ctx, msg.KindSysctl, msg.SysctlRequest{Proc: hostileProc}, nil)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// awaitViolation waits until a violation has been counted. Taking the stats makes the primary look
// at all positions.
func (h *hostility) awaitViolation(t *testing.T, before vitals, name string) {
	t.Helper()
	name = "violation." + name
	testenv.Eventually(t, 5*time.Second, name+" is counted", func() bool {
		return testenv.Stats(t, h.tool)[name] > before.stats[name]
	})
}
