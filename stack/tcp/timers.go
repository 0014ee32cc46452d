package tcp

import (
	"syscall"
	"time"
)

// timerKind says what a deadline is for.
type timerKind uint8

const (
	timerNone     timerKind = iota
	timerRexmt              // rtxAt: retransmission timeout
	timerReorder            // rtxAt: RACK's reordering timer
	timerProbe              // rtxAt: tail loss probe
	timerPersist            // rtxAt: window probe
	timerKeep               // lifeAt: keep-alive
	timerFinWait2           // lifeAt: no FIN after Close
	timerLinger             // lifeAt: Close gives up
)

// schedule makes sure that the wheel wakes the connection by its earliest deadline. The wheel's timer may be earlier: a deadline that
// moves later costs nothing, and the timer finds nothing due.
func (t *Transport) schedule(i uint32, c *conn) {
	at := c.rtxAt
	if c.delayAt != 0 && (at == 0 || c.delayAt < at) {
		at = c.delayAt
	}
	if c.lifeAt != 0 && (at == 0 || c.lifeAt < at) {
		at = c.lifeAt
	}
	if at != 0 && (c.wakeAt == 0 || at < c.wakeAt) {
		c.wakeAt = at
		t.wheel.Set(i, at)
	}
}

// runTimers handles the deadlines of a connection that have passed.
func (t *Transport) runTimers(i uint32, c *conn) {
	c.wakeAt = 0
	if t.resume.waits(i) {
		return // its turn comes, and then its timer is set anew
	}
	if c.delayAt != 0 && c.delayAt <= t.now {
		c.delayAt = 0
		c.set(ackNow)
		c.quickAcks = 1 // the application does not answer at once: do not wait for it (ACK by the timer costs the peer)
		t.mark(i, c)
	}
	if c.rtxAt != 0 && c.rtxAt <= t.now && !t.rtxTimeout(i, c) {
		return
	}
	if c.lifeAt != 0 && c.lifeAt <= t.now && !t.lifeTimeout(i, c) {
		return
	}
	t.schedule(i, c)
}

// rtxTimeout runs the sending side's timer; false when the connection is gone.
func (t *Transport) rtxTimeout(i uint32, c *conn) bool {
	kind := c.rtxKind
	c.rtxAt = 0
	switch kind {
	case timerReorder:
		t.stats[RackReoTimeo]++
		t.ack = ackInfo{}
		t.rackDetect(c)
		if c.ca == caOpen && c.lost > 0 {
			t.enterRecovery(c)
			t.reduceRate(c)
		}
		t.restartRtx(c)
		t.mark(i, c)
	case timerProbe:
		t.tailProbe(i, c)
	case timerPersist:
		return t.persistTimeout(i, c)
	default:
		return t.rexmtTimeout(i, c)
	}
	return true
}

// lifeTimeout runs the slow timer; false when the connection is gone.
func (t *Transport) lifeTimeout(i uint32, c *conn) bool {
	c.lifeAt = 0
	switch c.lifeKind {
	case timerKeep:
		return t.keepTimeout(i, c)
	case timerFinWait2:
		t.stats[FinWait2Drops]++
		t.finish(i, c, Closed)
		return false
	default:
		t.sendRST(c)
		t.drop(i, c, syscall.ETIMEDOUT)
		return false
	}
}

func (c *conn) setLife(kind timerKind, at time.Duration) {
	c.lifeKind, c.lifeAt = kind, at
}

// startFinWait2 bounds the wait for the peer's FIN once nobody can read what comes before it.
func (t *Transport) startFinWait2(c *conn) {
	if c.has(appClosed) {
		c.setLife(timerFinWait2, t.now+t.cfg.FinWait2)
	}
}
