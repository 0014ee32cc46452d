package tcp

// renoDuplicate counts a duplicate acknowledgement: one more segment has left the network (RFC 5681 section 3.2).
func (t *Transport) renoDuplicate(c *conn) {
	t.stats[RcvDupAck]++
	c.dupAcks++
	mss := uint32(c.mss)
	if c.flight()-c.lost-c.sacked >= 2*mss {
		c.sacked += mss
		t.ack.delivered += mss
	}
	if c.ca == caOpen && c.dupAcks == dupThresh && after(c.sndUna, c.rec.point) {
		t.loseHead(c)
	}
}

// renoAdvance takes the segments that new data acknowledged out of the count of those that left, and repeats the next one on a partial
// acknowledgement (RFC 6582 section 3.2, step 3).
func (t *Transport) renoAdvance(c *conn) {
	mss := uint32(c.mss)
	c.dupAcks = 0
	switch c.ca {
	case caOpen, caLoss:
		c.sacked = 0
	case caRecovery:
		c.sacked -= min(c.sacked, max(t.ack.acked, mss)-mss)
		c.sacked = min(c.sacked, c.flight()-c.lost)
		if before(c.sndUna, c.rec.point) {
			t.loseHead(c)
		}
	}
}

// loseHead marks the first segment in flight lost.
func (t *Transport) loseHead(c *conn) {
	r := t.sent.at(c.sentHead)
	if r.len() > uint32(c.mss) && !t.split(c, c.sentHead, r.start+uint32(c.mss)) {
		return
	}
	c.markLost(r)
	c.sacked = min(c.sacked, c.flight()-c.lost)
}
