package tcp

import "ringstack/stack/wire"

// caState is the state of congestion avoidance.
type caState uint8

const (
	caOpen     caState = iota
	caRecovery         // fast recovery: proportional rate reduction
	caLoss             // after a retransmission timeout: slow start
)

// recovery is the present or last episode.
type recovery struct {
	point     uint32 // the episode ends when this is acknowledged
	flight    uint32 // bytes in flight at its start (RecoverFS of RFC 6937)
	delivered uint32
	out       uint32
	cwnd      uint32 // before the episode, for an undo
	ssthresh  uint32
	rexmtTS   uint32 // timestamp of the first retransmission
	ecnPoint  uint32
	tlpEnd    uint32
	undoable  bool
}

// detectLoss finds out what an acknowledgement says about losses: RACK with SACK, else duplicate acknowledgements (RFC 6582).
func (t *Transport) detectLoss(c *conn, s *segment, oldWnd uint32) {
	if c.flight() == 0 {
		c.dupAcks, c.sacked, c.rack.wait = 0, 0, 0
		return
	}
	if c.has(useSACK) {
		t.widenOnDSACK(c)
		if c.sacked > 0 || c.ca != caOpen || c.rack.wait > 0 {
			t.rackDetect(c)
		}
		return
	}
	duplicate := s.ack == c.sndUna && t.ack.acked == 0 && len(s.data) == 0 && !s.has(wire.FIN) && c.sndWnd == oldWnd
	switch {
	case t.ack.acked > 0:
		t.renoAdvance(c)
	case duplicate && c.ca != caLoss:
		t.renoDuplicate(c)
	}
}

// react sets the congestion window after an acknowledgement.
func (t *Transport) react(c *conn, s *segment) {
	a := &t.ack
	if c.ca != caOpen {
		t.tryUndo(c, s)
	}
	if c.ca != caOpen && !before(c.sndUna, c.rec.point) {
		t.endRecovery(c)
	}
	t.tlpAck(c, s)
	if c.ca == caOpen && c.lost > 0 {
		t.enterRecovery(c)
	}
	if c.has(useECN) && s.has(wire.ECE) && c.ca == caOpen && !before(c.sndUna, c.rec.ecnPoint) {
		t.ecnReduce(c)
	}
	switch {
	case c.ca == caRecovery:
		t.reduceRate(c)
	case a.acked > 0:
		t.grow(c)
	}
}

func (t *Transport) enterRecovery(c *conn) {
	if c.has(useSACK) {
		t.stats[SackRecovery]++
	} else {
		t.stats[RenoRecovery]++
	}
	t.beginEpisode(c)
	c.ca = caRecovery
}

func (t *Transport) beginEpisode(c *conn) {
	c.rec = recovery{
		point: c.sndNxt, flight: c.flight(), cwnd: c.cwnd, ssthresh: c.ssthresh,
		ecnPoint: c.sndNxt, tlpEnd: c.rec.tlpEnd,
	}
	c.ssthresh = t.reduced(c)
	c.set(ecnCWR)
}

// endRecovery: everything that was in flight at the start is acknowledged.
func (t *Transport) endRecovery(c *conn) {
	if c.ca == caRecovery {
		c.cwnd = c.ssthresh
	}
	if !c.has(useSACK) {
		c.sacked = 0
	}
	c.ca = caOpen
	c.dupAcks = 0
	c.rec.undoable = false
	c.rack.settle()
}

// reduceOnce reduces the window for a congestion without a loss to repair.
func (t *Transport) reduceOnce(c *conn) {
	c.ssthresh = t.reduced(c)
	c.cwnd = c.ssthresh
	c.rec.ecnPoint = c.sndNxt
	c.set(ecnCWR)
}
