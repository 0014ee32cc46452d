package tcp

import "ringstack/stack/wire"

// turnBudget is the most segments that one connection sends in one Flush.
const turnBudget = 64

type flushResult uint8

const (
	flushed flushResult = iota
	more                // the budget is spent
	noBuffer
)

// flushOne sends what a connection has to send.
func (t *Transport) flushOne(i uint32, c *conn) flushResult {
	if c.state == Closed || c.state == TimeWait {
		if c.has(appClosed) {
			t.closed(i, c)
		}
		return flushed
	}
	if c.has(synDue) {
		return t.sendSyn(i, c)
	}
	r := flushed
	if c.state.sending() {
		r = t.output(c)
	}
	if r == flushed && c.has(ackNow|ackDelayed) {
		r = t.ackOrWait(c)
	}
	t.schedule(i, c)
	return r
}

// output repeats what is lost and then sends new data as far as the windows allow.
func (t *Transport) output(c *conn) flushResult {
	if t.now >= c.mtuAt {
		t.renewMTU(c)
	}
	budget := turnBudget
	for c.lost > 0 {
		if budget == 0 {
			return more
		}
		if c.pipe() != 0 && c.pipe()+min(uint32(c.mss), c.lost) > c.cwnd {
			return flushed
		}
		if !t.repeatNextLost(c) {
			return noBuffer
		}
		budget--
	}
	for {
		n, fin, ok := t.nextSegment(c)
		if !ok {
			break
		}
		if budget == 0 {
			return more
		}
		if !t.sendNew(c, n, fin) {
			return noBuffer
		}
		budget--
	}
	if c.flight() == 0 && c.unsent() {
		t.startPersist(c)
	}
	return flushed
}

// nextSegment decides on the next new segment: n bytes and perhaps the FIN. ok is false when nothing may be sent now.
func (t *Transport) nextSegment(c *conn) (n uint32, fin, ok bool) {
	avail := c.unsentBytes()
	fin = c.has(finQueued) && !c.has(finSent)
	if c.has(finSent) || avail == 0 && !fin {
		c.clear(cwndLimited)
		return 0, false, false
	}
	room := int32(c.sndUna + c.sndWnd - c.sndNxt)
	if room <= 0 || !t.canRecord(c) {
		c.clear(cwndLimited)
		return 0, false, false
	}
	full := t.fullSize(c)
	n = min(avail, uint32(room), full)
	if c.sndNxt == c.sndUna {
		t.restartIdle(c)
	} else if pipe := c.pipe(); pipe+max(n, 1) > c.cwnd {
		c.set(cwndLimited)
		return 0, false, false
	}
	fin = fin && n == avail && uint32(room) > n
	return n, fin, t.worthSending(c, n, avail, full, fin)
}

// worthSending is silly window avoidance (RFC 1122 section 4.2.3.4) and Nagle's rule in Minshall's form: a small segment waits only for
// an earlier small one.
func (t *Transport) worthSending(c *conn, n, avail, full uint32, fin bool) bool {
	switch {
	case n == full, fin:
		return true
	case n == avail:
		return c.has(noDelay|finQueued) || !after(c.sndSml, c.sndUna)
	default:
		return n >= c.maxSndWnd/2 // the window cuts it
	}
}

// fullSize is the payload of a full segment beside the SACK blocks that are due.
func (t *Transport) fullSize(c *conn) uint32 {
	return uint32(c.mss) - uint32(c.sackLen())
}

// sendNew sends the next n bytes, and the FIN when fin; false when there is no buffer.
func (t *Transport) sendNew(c *conn, n uint32, fin bool) bool {
	flags := wire.ACK
	end := c.sndNxt + n
	if end == c.dataEnd() {
		flags |= wire.PSH
	}
	if fin {
		flags |= wire.FIN
		end++
	}
	if c.has(ecnCWR) && c.has(useECN) && n > 0 {
		flags |= wire.CWR
	}
	start := c.sndNxt
	if !t.canRecord(c) || !t.transmit(c, start, int(n), flags) {
		return false
	}
	t.record(c, start, end)
	c.sndNxt = end
	if flags&wire.CWR != 0 {
		c.clear(ecnCWR)
	}
	if fin {
		c.set(finSent)
	}
	if n < t.fullSize(c) {
		c.sndSml = end
	}
	c.rec.out += n
	c.clear(probeOut)
	if c.rtxKind == timerPersist {
		c.backoff = 0 // that was the window probes'
	}
	t.stats[SndPack]++
	t.stats[SndByte] += uint64(n)
	t.startRtx(c)
	return true
}
