package tcp

import "time"

// ackInfo is what one acknowledgement said.
type ackInfo struct {
	acked     uint32 // bytes acknowledged cumulatively
	delivered uint32 // bytes newly known to have arrived, by either way
	dsack     bool
	prior     uint32 // SND.UNA before
}

// ackInput handles the acknowledgement of an acceptable segment (RFC 9293 section 3.10.7.4, fifth step). It returns false when the
// rest of the segment must not be looked at: the acknowledgement is not valid, or the connection has ended.
func (t *Transport) ackInput(i uint32, c *conn, s *segment) bool {
	if c.state == SynRcvd && !t.synAcked(c, s) {
		return false
	}
	switch {
	case after(s.ack, c.sndMax()):
		t.stats[RcvAckTooMuch]++
		t.challengeAck(c)
		return false
	case before(s.ack, c.sndUna-c.maxSndWnd):
		t.stats[RcvAckTooOld]++ // RFC 5961 section 5
		t.challengeAck(c)
		return false
	}
	if c.has(probeOut) && s.ack == c.sndNxt+1 {
		t.probeTaken(c)
	}
	a := &t.ack
	*a = ackInfo{prior: c.sndUna}
	// In order of sequence, so that RACK does not take one acknowledgement's own order for reordering.
	if after(s.ack, c.sndUna) {
		t.advance(c, s.ack)
	}
	t.sackInput(c, s)
	oldWnd := c.sndWnd
	c.setWindow(s, a.acked > 0)
	t.detectLoss(c, s, oldWnd)
	t.react(c, s)
	if a.acked > 0 || a.delivered > 0 || oldWnd != c.sndWnd {
		t.restartRtx(c)
	}
	return t.ourFinAcked(i, c)
}

// synAcked moves a connection that opened simultaneously to ESTABLISHED.
func (t *Transport) synAcked(c *conn, s *segment) bool {
	if s.ack != c.iss+1 {
		t.stats[SCBadAck]++
		t.resetFor(&c.flow, s)
		return false
	}
	t.opened(c)
	c.sndWL1, c.sndWL2 = s.seq-1, s.ack
	return true
}

// setWindow takes the peer's window from a segment that is not older than the last (RFC 9293 section 3.10.7.4). A new acknowledgement is
// news whatever its number, as that of a repeated segment; what was received before does not count as the segment's.
func (c *conn) setWindow(s *segment, newAck bool) {
	seq := seqMax(s.seq, c.rcvNxt)
	if before(s.ack, c.sndUna) || !newAck && (before(seq, c.sndWL1) || seq == c.sndWL1 && before(s.ack, c.sndWL2)) {
		return
	}
	c.sndWnd = s.wnd << c.sndWScale
	c.sndWL1, c.sndWL2 = seq, s.ack
	c.maxSndWnd = max(c.maxSndWnd, c.sndWnd)
}

// advance moves SND.UNA to ack and frees what it covers.
func (t *Transport) advance(c *conn, ack uint32) {
	n := ack - c.sndUna
	t.ack.acked = n
	t.stats[RcvAckPack]++
	t.stats[RcvAckByte] += uint64(n)
	t.cutSent(c, ack)
	c.sndUna = ack
	c.backoff = 0
	c.progress = t.now
	t.confirm(c)
	if bytes := min(ack-c.sndQ.Pos(), uint32(c.sndQ.Len())); int32(bytes) > 0 {
		t.bufs.Consume(&c.sndQ, int(bytes))
	}
	c.softErr = 0
}

// ourFinAcked makes the state changes that follow an acknowledgement of our FIN; false when the connection has ended.
func (t *Transport) ourFinAcked(i uint32, c *conn) bool {
	if !c.has(finSent) || c.sndUna != c.sndNxt || after(c.dataEnd(), c.sndUna) {
		return true
	}
	switch c.state {
	case FinWait1:
		c.state = FinWait2
		t.startFinWait2(c)
	case Closing:
		t.enterTimeWait(i, c)
		return false
	case LastAck:
		t.finish(i, c, Closed)
		return false
	}
	return true
}

// rttSample updates the estimator and the timeout (RFC 6298 section 2).
func (t *Transport) rttSample(c *conn, rtt time.Duration) {
	rtt = max(rtt, time.Microsecond)
	t.stats[RTTUpdated]++
	if c.srtt == 0 {
		c.srtt = rtt
		c.rttvar = rtt / 2
	} else {
		c.rttvar += (max(c.srtt-rtt, rtt-c.srtt) - c.rttvar) / 4
		c.srtt += (rtt - c.srtt) / 8
	}
	c.rto = t.boundRTO(c.srtt + max(tick, 4*c.rttvar))
	if c.minRTT == 0 || rtt < c.minRTT {
		c.minRTT = rtt
	}
}

func (t *Transport) boundRTO(d time.Duration) time.Duration {
	return min(max(d, t.cfg.RTOMin), t.cfg.RTOMax)
}
