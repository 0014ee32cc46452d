package tcp

import (
	"time"

	"ringstack/stack/wire"
)

// acceptable makes the tests of RFC 7323 section 5.3 (PAWS) and RFC 9293 section 3.10.7.4 (first step).
func (t *Transport) acceptable(i uint32, c *conn, s *segment) bool {
	// A SYN is challenged in any case: a peer that has lost the connection may not know of timestamps.
	if c.has(useTS) && !s.has(wire.RST|wire.SYN) && !t.timestampOK(i, c, s) {
		return false
	}
	wnd := c.rcvAdv - c.rcvNxt
	ok := false
	switch {
	case s.end == s.seq, s.has(wire.RST): // of a reset the number alone counts (RFC 5961 section 3.2)
		// The right edge itself counts: from a peer that has filled the window, of which we lack a part, acknowledgements and resets
		// come with that number.
		ok = s.seq-c.rcvNxt <= wnd
	case wnd == 0:
		ok = false
	default:
		ok = before(s.seq, c.rcvAdv) && after(s.end, c.rcvNxt)
	}
	if ok || c.state == SynRcvd && s.has(wire.SYN) && s.seq == c.irs {
		return true
	}
	if s.has(wire.RST) {
		t.stats[BadRST]++
		return false
	}
	t.unacceptable(i, c, s)
	return false
}

// unacceptable counts a segment outside the window and answers it. Its acknowledgement may still be news: a peer with a
// full window of ours in flight must not be starved by our zero window (RFC 9293 section 3.10.7.4).
func (t *Transport) unacceptable(i uint32, c *conn, s *segment) {
	switch {
	case s.has(wire.SYN):
		t.stats[BadSyn]++
		t.challengeAck(c)
		return
	case s.end == s.seq:
		// An old acknowledgement, a keep-alive or a window probe without data.
		t.stats[RcvDupPack]++
		t.challengeAck(c)
		return
	case !after(s.end, c.rcvNxt):
		t.stats[RcvDupPack]++
		t.stats[RcvDupByte] += uint64(len(s.data))
		if len(s.data) > 0 {
			c.noteDSACK(s.seq, s.end)
		}
	case c.rcvAdv == c.rcvNxt:
		t.stats[RcvWinProbe]++
	default:
		t.stats[RcvAfterWin]++
	}
	if s.has(wire.ACK) && !after(s.ack, c.sndMax()) && after(s.ack, c.sndUna) && s.seq == c.rcvNxt {
		s.data = nil
		if !t.ackInput(i, c, s) {
			return
		}
	}
	t.sendAck(c)
	t.afterInput(i, c)
	t.tell(i, c, 0)
}

// timestampOK is PAWS (RFC 7323 section 5).
func (t *Transport) timestampOK(i uint32, c *conn, s *segment) bool {
	if !s.opts.HasTS {
		t.stats[MissingTS]++ // RFC 7323 section 3.2: such segments should be dropped
		return false
	}
	if !t.oldTimestamp(c, s.opts.TSVal) {
		return true
	}
	t.stats[PAWSDrop]++
	if len(s.data) > 0 && !after(s.end, c.rcvNxt) {
		c.noteDSACK(s.seq, s.end)
	}
	if s.end != s.seq {
		t.sendAck(c)
	}
	return false
}

// oldTimestamp: a value from before the last one. After a long silence it says nothing, and any is good.
func (t *Transport) oldTimestamp(c *conn, val uint32) bool {
	return before(val, c.tsRecent) && t.now-c.lastRecv <= pawsIdle
}

// pawsIdle is after how long without a segment the peer's last timestamp says nothing (RFC 7323 section 5.5).
const pawsIdle = 24 * 24 * time.Hour

// updateTSRecent follows RFC 7323 section 4.3. It needs the time of the segment before.
func (t *Transport) updateTSRecent(c *conn, s *segment) {
	if c.has(useTS) && s.opts.HasTS && !after(s.seq, c.rcvAcked) && !t.oldTimestamp(c, s.opts.TSVal) {
		c.tsRecent = s.opts.TSVal
	}
}
