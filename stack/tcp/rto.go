package tcp

import (
	"syscall"
	"time"
)

// restartRtx sets the sending side's timer after an acknowledgement of something new or a first transmission
// (RFC 6298 section 5, RFC 8985 section 7.2).
func (t *Transport) restartRtx(c *conn) {
	if c.flight() == 0 {
		c.rtxKind, c.rtxAt = timerNone, 0
		return
	}
	rto := t.backedOff(c)
	c.rtxKind, c.rtxAt = timerRexmt, t.now+rto
	if c.rack.wait > 0 {
		if c.rack.wait < rto {
			c.rtxKind, c.rtxAt = timerReorder, t.now+c.rack.wait
		}
	} else if d := t.probeTimeout(c); d > 0 && d < rto {
		c.rtxKind, c.rtxAt = timerProbe, t.now+d
	}
}

// startRtx sets the timer after new data was sent: a running retransmission timer stays (RFC 6298 section 5.1), but a tail loss probe
// may come before it.
func (t *Transport) startRtx(c *conn) {
	if c.rtxAt == 0 || c.rtxKind == timerProbe || c.rtxKind == timerPersist {
		t.restartRtx(c)
	} else if d := t.probeTimeout(c); c.rtxKind == timerRexmt && d > 0 && t.now+d < c.rtxAt {
		c.rtxKind, c.rtxAt = timerProbe, t.now+d
	}
}

// backedOff is the present timeout, cut so that a user timeout (RFC 5482) is noticed when it passes.
func (t *Transport) backedOff(c *conn) time.Duration {
	d := min(c.rto<<min(c.backoff, 16), t.cfg.RTOMax)
	if c.userTO > 0 {
		d = max(min(d, c.progress+c.userTO-t.now), tick)
	}
	return d
}

// rexmtTimeout is the retransmission timeout (RFC 6298 section 5.4 to 5.7, RFC 5681 section 3.1); false when it ends the connection.
func (t *Transport) rexmtTimeout(i uint32, c *conn) bool {
	t.stats[RexmtTimeo]++
	if t.exhausted(c) {
		t.stats[TimeoutDrop]++
		err := syscall.ETIMEDOUT
		if c.softErr != 0 {
			err = syscall.Errno(c.softErr)
		}
		if c.state.synchronized() {
			t.sendRST(c)
		}
		t.drop(i, c, err)
		return false
	}
	waits := t.waits(c)
	t.mark(i, c)
	if waits && (c.lost > 0 || c.has(synDue)) {
		c.rtxKind, c.rtxAt = timerRexmt, t.now+t.backedOff(c) // the last repetition still waits for a buffer: that says nothing about the peer
		return true
	}
	c.backoff++
	if !c.state.sending() {
		c.set(synDue)
		c.rtxAt = t.now + t.backedOff(c)
		return true
	}
	t.loseAll(c)
	t.blackholeProbe(c)
	c.rtxKind, c.rtxAt = timerRexmt, t.now+t.backedOff(c)
	return true
}

// exhausted: the peer has not answered for as long as is allowed.
func (t *Transport) exhausted(c *conn) bool {
	if c.userTO > 0 {
		return t.now-c.progress >= c.userTO
	}
	if t.waits(c) {
		return false
	}
	limit := t.cfg.Retries
	if !c.state.sending() {
		limit = t.cfg.SynRetries
	}
	if c.state.sending() && c.sndWnd == 0 && t.patient(c) {
		return false
	}
	return int(c.backoff) >= limit
}

// loseAll deems everything in flight lost and starts over with one segment.
func (t *Transport) loseAll(c *conn) {
	t.ack = ackInfo{}
	if c.ca != caLoss || c.backoff == 1 {
		t.beginEpisode(c)
	}
	c.ca = caLoss
	c.rec.point = c.sndNxt
	c.cwnd = uint32(c.mss)
	c.dupAcks = 0
	c.rack.wait = 0
	c.clear(tlpOut | tlpRexmt)
	switch {
	case !c.has(useSACK):
		c.sacked = 0
	case t.sent.at(c.sentHead).flags&sentSacked != 0:
		t.reneged(c)
	}
	for i := c.sentHead; i != 0; i = t.sent.at(i).next {
		c.markLost(t.sent.at(i))
	}
	t.congestionTimeout(c)
}
