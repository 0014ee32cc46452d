package primary

import (
	"testing"
	"time"

	"ringstack/msg"
)

// TestDrainIsKept: under the next primary a secondary goes on draining, as long as it had left.
func TestDrainIsKept(t *testing.T) {
	by := time.Now().Add(time.Minute).Truncate(time.Millisecond)
	drains := self(t, 0)
	drains.Drains, drains.DrainBy = true, by.UnixMilli()
	p := restored(t, saved(drains, self(t, 1)))
	if pr := p.procs[0]; !pr.drain.on || !pr.drain.by.Equal(by) || pr.drain.told {
		t.Errorf("%+v", pr.drain)
	}
	if pr := p.procs[1]; pr.drain.on {
		t.Errorf("another: %+v", pr.drain)
	}
	if procs := p.savedState().Procs; len(procs) != 2 || procs[0] != drains {
		t.Errorf("saved as %+v", procs)
	}
	p.table.Join(0)
	p.table.Join(1)
	if leader, _ := p.table.Leader(); leader != 1 {
		t.Errorf("proc %d leads", leader)
	}
}

// TestDrainLimits: the earliest limit counts, and a secondary is told of it.
func TestDrainLimits(t *testing.T) {
	p, pr := newPair(t)
	now := time.Now()
	for _, c := range []struct {
		by, want time.Time
		requests int
	}{
		{time.Time{}, time.Time{}, 1},
		{now.Add(time.Hour), now.Add(time.Hour), 2},
		{now.Add(2 * time.Hour), now.Add(time.Hour), 2},
		{time.Time{}, now.Add(time.Hour), 2},
		{now.Add(time.Minute), now.Add(time.Minute), 3},
	} {
		p.startDrain(pr, c.by)
		if !pr.drain.by.Equal(c.want) || !pr.drain.told || pr.calls.Unanswered() != c.requests || pr.shownState() != "draining" {
			t.Errorf("limit %v: %+v, %d requests", c.by.Sub(now), pr.drain, pr.calls.Unanswered())
		}
	}
	if leader, _ := p.table.Leader(); leader != 1 {
		t.Errorf("proc %d leads", leader)
	}
}

func TestDrainRequests(t *testing.T) {
	p, pr := newPair(t)
	pr.peer.uid, pr.session = 33, new(session)
	p.procs[1].state = stateAttaching
	for name, c := range map[string]struct {
		uid, id int
		ok      bool
	}{
		"stranger": {34, 0, false}, "all": {0, msg.AnyProc, false}, "nobody there": {0, 2, false}, "not live": {0, 1, false},
		"its user": {33, 0, true}, "root": {0, 0, true},
	} {
		if _, err := p.drainOf(c.uid, c.id, time.Now().Add(time.Hour)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
