package tcp

import "ringstack/stack/wire"

// slowPath are the conditions under which a segment needs more than the short path.
const slowPath = probeOut | dsackDue | finSeen | tlpOut | ecnEcho

// predicted is header prediction (Jacobson 1990): the next data in order, or an acknowledgement of new data, on an established
// connection on which nothing is lost, missing or unusual. It returns false, with nothing changed, for every other segment.
func (t *Transport) predicted(i uint32, c *conn, s *segment) bool {
	if c.state != Established || s.flags&controlBits != wire.ACK || s.seq != c.rcvNxt || c.flags&slowPath != 0 {
		return false
	}
	if c.sacked|c.lost|c.runs|uint32(c.ca)|uint32(c.dupAcks) != 0 || s.opts.NSack != 0 || s.ecn == wire.ECNCE {
		return false
	}
	n := uint32(len(s.data))
	acked := s.ack - c.sndUna
	if acked > c.flight() || n > c.rcvAdv-c.rcvNxt || n|acked == 0 {
		return false
	}
	if c.has(useTS) && (!s.opts.HasTS || before(s.opts.TSVal, c.tsRecent)) || n > 0 && !t.roomFor(n) {
		return false
	}
	t.updateTSRecent(c, s)
	c.lastRecv = t.now
	c.keepSent = 0
	if acked > 0 {
		t.stats[PredAck]++
		t.ack = ackInfo{}
		t.advance(c, s.ack)
		t.grow(c)
	}
	c.setWindow(s, acked > 0)
	if acked > 0 {
		t.restartRtx(c)
	}
	var first news
	if n > 0 {
		t.stats[PredDat]++
		t.inOrder(i, c, s.data)
		first = newsReadable
	}
	t.afterInput(i, c)
	t.tell(i, c, first)
	return true
}
