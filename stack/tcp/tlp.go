package tcp

import "time"

// maxPeerDelay is the longest that a peer is expected to delay an acknowledgement (WCDelAckT of RFC 8985 section 7.2).
const maxPeerDelay = 200 * time.Millisecond

// probeTimeout is the time to a tail loss probe (RFC 8985 section 7.2); 0: none is to be sent now.
func (t *Transport) probeTimeout(c *conn) time.Duration {
	if c.ca != caOpen || !c.has(useSACK) || c.has(tlpOut) || c.sacked > 0 || c.srtt == 0 || c.backoff > 0 {
		return 0
	}
	d := 2 * c.srtt
	if c.flight() <= uint32(c.mss) {
		d += maxPeerDelay
	}
	return max(d, 2*tick)
}

// tailProbe sends one new segment, or repeats the last one, to draw an acknowledgement that shows a lost tail.
func (t *Transport) tailProbe(i uint32, c *conn) {
	t.stats[TLPSent]++
	c.set(tlpOut)
	c.clear(tlpRexmt)
	if n := min(c.unsentBytes(), t.fullSize(c)); n > 0 && !after(c.sndNxt+n, c.sndUna+c.sndWnd) {
		t.sendNew(c, n, false)
	} else if t.repeatTail(c) {
		c.set(tlpRexmt)
	}
	c.rec.tlpEnd = c.sndNxt
	t.restartRtx(c)
}

func (t *Transport) repeatTail(c *conn) bool {
	last, full := t.sent.at(c.sentTail), t.fullSize(c)
	if last.len() > full && !t.split(c, c.sentTail, last.end-full) {
		return false
	}
	return t.repeat(c, c.sentTail)
}

// tlpAck ends the probe's episode; a loss that the probe itself repaired is still a sign of congestion (RFC 8985 section 7.4).
func (t *Transport) tlpAck(c *conn, s *segment) {
	if !c.has(tlpOut) || before(s.ack, c.rec.tlpEnd) {
		return
	}
	a := &t.ack
	switch {
	case !c.has(tlpRexmt) || a.dsack:
	case after(s.ack, c.rec.tlpEnd):
		t.stats[TLPRecovered]++
		if c.ca == caOpen {
			t.reduceOnce(c)
		}
	case a.acked == 0 && a.delivered == 0 && len(s.data) == 0:
		// A duplicate: both the original and the probe arrived.
	default:
		return
	}
	c.clear(tlpOut | tlpRexmt)
}
