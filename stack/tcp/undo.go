package tcp

// tryUndo takes a reduction back when the timestamp shows that the original, not the retransmission, was acknowledged
// (Eifel detection, RFC 3522, and response, RFC 4015).
func (t *Transport) tryUndo(c *conn, s *segment) {
	if !c.rec.undoable || t.ack.acked == 0 || !s.opts.HasTS || !before(s.opts.TSEcr, c.rec.rexmtTS) {
		return
	}
	t.stats[SpuriousRexmt]++
	c.cwnd = max(c.cwnd, c.rec.cwnd)
	c.ssthresh = max(c.ssthresh, c.rec.ssthresh)
	for i := c.sentHead; i != 0; i = t.sent.at(i).next {
		t.sent.at(i).flags &^= sentLost
	}
	c.lost = 0
	c.ca = caOpen
	c.dupAcks = 0
	c.rec.undoable = false
	c.rec.point = c.sndUna
}
