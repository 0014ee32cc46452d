package tcp

import "time"

// Resume says that the link is back after an outage in which segments were lost or could not be sent: the timers' back-off is then no
// measure of the path. Each connection that waits for an acknowledgement repeats its first segment now instead of when its timer ends, and
// one that waits for a window asks for it. The next Ticks do that, for sweepStep connections each, so that many connections
// do not send all at once.
func (t *Transport) Resume(now time.Duration) {
	t.now = now
	t.begin(&t.resume)
}

func (t *Transport) resumeSome() {
	if t.resume.active() {
		t.step(&t.resume, (*Transport).resumeConn)
	}
}

// resumeConn starts over as after a retransmission timeout, but not as after congestion: the threshold of slow start stays, and what
// the outage added to the back-off goes.
func (t *Transport) resumeConn(i uint32, c *conn) {
	if t.waits(c) && c.backoff > 0 {
		c.backoff--
	}
	switch {
	case c.rtxAt == 0:
	case c.rtxKind == timerPersist:
		c.rtxAt = t.now
	case !c.state.sending():
		c.set(synDue)
		c.rtxAt = t.now + t.backedOff(c)
		t.mark(i, c)
	default:
		if mtu := int32(t.net.PathMTU(&c.Route)); mtu < c.MTU { // the link may be another
			c.MTU = mtu
			c.resize()
		}
		ssthresh := c.ssthresh
		t.loseAll(c)
		c.ssthresh = ssthresh
		c.rtxKind, c.rtxAt = timerRexmt, t.now+t.backedOff(c)
		t.mark(i, c)
	}
	t.runTimers(i, c)
}
