package tcp

import (
	"syscall"
	"time"

	"ringstack/stack/wire"
)

// Input takes one received segment. Answers leave with the next Flush, except resets and the acknowledgements that must not
// be joined: duplicate ones and challenges.
func (t *Transport) Input(p *Packet, now time.Duration) {
	t.now = now
	t.stats[RcvTotal]++
	if !t.parse(p) {
		return
	}
	s := &t.seg
	hash := uint32(hashFlow(t.secrets.table, &p.Local, &p.Remote, s.dstPort, s.srcPort))
	r := t.lookup(hash, &p.Local, &p.Remote, s.dstPort, s.srcPort)
	switch {
	case r == 0:
		t.listenInput(p, s, hash)
	case r.kind() == refConn:
		i := r.index()
		c := t.conns.at(i)
		if !t.predicted(i, c, s) {
			t.connInput(i, c, s)
		}
	case r.kind() == refHalfOpen:
		t.halfOpenInput(p, r.index(), s)
	default:
		t.timeWaitInput(p, r.index(), s, hash)
	}
}

// connInput handles any segment of a connection (RFC 9293 section 3.10.7.4, with RFC 5961 and RFC 7323).
func (t *Transport) connInput(i uint32, c *conn, s *segment) {
	if c.state == SynSent {
		t.synSentInput(i, c, s)
		return
	}
	if !t.acceptable(i, c, s) {
		return
	}
	if s.has(wire.RST) {
		t.rstInput(i, c, s)
		return
	}
	if s.has(wire.SYN) {
		// RFC 5961 section 4: a SYN in a synchronized state is answered with a challenge, whatever its sequence number. In
		// SYN-RECEIVED after a simultaneous open it is the peer's SYN-ACK, whose acknowledgement counts.
		if c.state != SynRcvd || s.seq != c.irs || !s.has(wire.ACK) {
			t.stats[BadSyn]++
			t.challengeAck(c)
			return
		}
		s.seq++
		s.wnd >>= c.sndWScale // the window of a SYN is not scaled
	}
	t.synchronizedInput(i, c, s)
}

// synchronizedInput handles an acceptable segment: acknowledgement, data, FIN.
func (t *Transport) synchronizedInput(i uint32, c *conn, s *segment) {
	if !s.has(wire.ACK) {
		t.stats[RcvNoAck]++
		return
	}
	t.updateTSRecent(c, s)
	c.lastRecv = t.now
	c.keepSent = 0
	opening := c.state == SynRcvd
	if !t.ackInput(i, c, s) {
		return
	}
	var first news
	if opening {
		first = newsConnected
	}
	t.streamInput(i, c, s, first)
}

// streamInput handles the rest of a segment, behind its acknowledgement, and tells the application.
func (t *Transport) streamInput(i uint32, c *conn, s *segment, first news) {
	gen := c.gen
	if s.has(wire.URG) {
		t.stats[RcvUrg]++ // urgent data stays in the stream (RFC 6093 section 5)
	}
	t.ecnInput(c, s)
	first |= t.dataInput(i, c, s)
	if c.gen != gen || c.has(released) {
		return
	}
	if c.state != Closed && c.state != TimeWait {
		t.afterInput(i, c)
	}
	t.tell(i, c, first)
}

// afterInput marks the connection when it has something to send and sets its timer.
func (t *Transport) afterInput(i uint32, c *conn) {
	if c.has(ackNow|ackDelayed) || c.lost > 0 || c.unsent() {
		t.mark(i, c)
	}
	t.schedule(i, c)
}

// rstInput handles a reset inside the window (RFC 5961 section 3).
func (t *Transport) rstInput(i uint32, c *conn, s *segment) {
	if s.seq != c.rcvNxt {
		t.stats[BadRST]++
		t.challengeAck(c)
		return
	}
	switch c.state {
	case SynRcvd:
		t.drop(i, c, syscall.ECONNREFUSED)
	case Closing, LastAck:
		if !after(c.dataEnd(), c.sndUna) {
			t.finish(i, c, Closed) // both streams were ended and ours has arrived: RFC 9293 section 3.10.7.4
			return
		}
		fallthrough
	default:
		t.drop(i, c, syscall.ECONNRESET)
	}
}
