package primary

import (
	"testing"

	"ringstack/msg"
	"ringstack/shm"
)

// newPair makes a primary without DPDK with two live secondaries, which never answer.
func newPair(t *testing.T) (p *Primary, first *proc) {
	p = newIdle(t, 2)
	p.header = new(shm.Header)
	p.cfg.DPDK.StallTime = 1000
	for _, pr := range p.procs {
		pr.state, pr.slot = stateLive, new(shm.Slot)
		pr.calls = msg.NewRequester(nil, noReplies{}, nil, nil)
		p.served = append(p.served, pr)
		p.table.Join(uint8(pr.id))
	}
	return p, p.procs[0]
}

type noReplies struct{}

func (noReplies) Dequeue() (uint64, bool) { return 0, false }

// TestStall: looks that show work and no turn of the loop, in a row, make a stall; a turn ends it.
func TestStall(t *testing.T) {
	p, pr := newPair(t)
	look := func(n int, stalled bool) {
		t.Helper()
		for range n {
			p.feelPulses()
		}
		leader, _ := p.table.Leader()
		if pr.pulse.stalled != stalled || (leader == 1) != (stalled || pr.pulse.stalls > 0) || pr.shownState() == "stalled" != stalled {
			t.Fatalf("after %d looks: stalled %v, %s, leader %d", n, pr.pulse.stalled, pr.shownState(), leader)
		}
	}
	look(3*looksPerStall, false) // it has nothing to do
	if p.suspects != 0 {
		t.Error("who has nothing to do is suspected")
	}
	if err := pr.request(msg.KindFlows, nil, func([]byte, error) {}); err != nil {
		t.Fatal(err)
	}
	for range 3 * looksPerStall { // it turns
		pr.slot.Loops++
		look(1, false)
		if p.suspects != 1 {
			t.Fatal("the next look may be late: who has work may hang from now on")
		}
	}
	look(looksPerStall, false) // each of which ends a part of stall_time
	if p.suspects != 1 {
		t.Errorf("%d are suspected", p.suspects)
	}
	look(1, true)
	look(10, true)
	if p.stalls != 1 || p.killed != 0 {
		t.Errorf("%d stalls, %d killed", p.stalls, p.killed)
	}
	pr.slot.Loops++
	look(1, false)
	look(looksPerStall, false)
	look(1, true)
	pr.calls.Fail(errGone) // it has no work any more
	look(1, false)
	if p.stalls != 2 || pr.pulse.stalls != 2 {
		t.Errorf("%d stalls", p.stalls)
	}
}
