package tcp

import (
	"fmt"
	"time"
)

// invariants checks what must hold between any two calls.
func (t *Transport) invariants() error {
	sentRuns, runs := 0, 0
	for i := uint32(1); i <= t.conns.size(); i++ {
		c := t.conns.at(i)
		if c.gen == 0 || c.has(released) {
			continue
		}
		if err := t.checkSent(c); err != nil {
			return fmt.Errorf("connection %d in %v: %w", i, c.state, err)
		}
		if err := t.checkRuns(c); err != nil {
			return fmt.Errorf("connection %d in %v: %w", i, c.state, err)
		}
		if at := c.deadline(); at != 0 && !t.resume.waits(i) && (c.wakeAt == 0 || c.wakeAt > at || !t.wheel.Armed(i)) {
			return fmt.Errorf("connection %d in %v: deadline %v, woken at %v", i, c.state, at, c.wakeAt)
		}
		if c.state.sending() && c.rtxAt == 0 && !c.has(isDirty) && (c.flight() > 0 || c.unsent()) {
			return fmt.Errorf("connection %d in %v: %d in flight, unsent %v, and no timer", i, c.state, c.flight(), c.unsent())
		}
		sentRuns += int(c.nSent)
		runs += int(c.nRuns)
	}
	if sentRuns != t.sent.used || runs != t.runs.used {
		return fmt.Errorf("%d records and %d runs in connections, %d and %d in use", sentRuns, runs, t.sent.used, t.runs.used)
	}
	if t.table.n != t.countTable() {
		return fmt.Errorf("table says %d entries, has %d", t.table.n, t.countTable())
	}
	return nil
}

func (c *conn) deadline() (at time.Duration) {
	for _, d := range [...]time.Duration{c.rtxAt, c.delayAt, c.lifeAt} {
		if d != 0 && (at == 0 || d < at) {
			at = d
		}
	}
	return at
}

func (t *Transport) countTable() (n int) {
	for _, e := range t.table.entries {
		if e != 0 {
			n++
		}
	}
	return n
}

// checkSent: the records cover what is in flight without a gap, and the sums are theirs.
func (t *Transport) checkSent(c *conn) error {
	if !c.state.sending() {
		return nil
	}
	at, n := c.sndUna, 0
	var sacked, lost uint32
	for i := c.sentHead; i != 0; i = t.sent.at(i).next {
		r := t.sent.at(i)
		if r.start != at || !after(r.end, r.start) {
			return fmt.Errorf("record %d:%d where %d should begin", r.start, r.end, at)
		}
		if r.flags&sentSacked != 0 {
			sacked += r.len()
		}
		if r.flags&sentLost != 0 {
			lost += r.len()
		}
		at = r.end
		n++
		if r.next == 0 && c.sentTail != i {
			return fmt.Errorf("tail is %d, not %d", c.sentTail, i)
		}
	}
	if at != c.sndNxt || n != int(c.nSent) {
		return fmt.Errorf("records end at %d, SND.NXT is %d; %d of %d", at, c.sndNxt, n, c.nSent)
	}
	if lost != c.lost || c.has(useSACK) && sacked != c.sacked || c.sacked+c.lost > c.flight() {
		return fmt.Errorf("sums: sacked %d (%d), lost %d (%d), in flight %d", c.sacked, sacked, c.lost, lost, c.flight())
	}
	if c.sndQ.Pos() != c.sndUna && c.sndQ.Len() > 0 {
		return fmt.Errorf("queue begins at %d, SND.UNA is %d", c.sndQ.Pos(), c.sndUna)
	}
	return nil
}

// checkRuns: in order, apart, past RCV.NXT and inside the window.
func (t *Transport) checkRuns(c *conn) error {
	at, n := c.rcvNxt, 0
	for i := c.runs; i != 0; i = t.runs.at(i).next {
		r := t.runs.at(i)
		if !after(r.start, at) || !after(r.end, r.start) || r.q.Len() != int(r.end-r.start) || after(r.end, c.rcvAdv) {
			return fmt.Errorf("run %d:%d of %d bytes after %d", r.start, r.end, r.q.Len(), at)
		}
		at = r.end
		n++
	}
	if n != int(c.nRuns) {
		return fmt.Errorf("%d runs, counted %d", n, c.nRuns)
	}
	if c.state.mayReceive() && before(c.rcvAdv, c.rcvNxt) {
		return fmt.Errorf("window ends at %d, before RCV.NXT %d", c.rcvAdv, c.rcvNxt)
	}
	return nil
}
