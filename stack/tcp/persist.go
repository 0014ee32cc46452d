package tcp

import (
	"syscall"

	"ringstack/stack/wire"
)

// startPersist arms the window probe: there is something to send, nothing in flight and no window that takes it
// (RFC 9293 section 3.8.6.1; RFC 1122 section 4.2.3.4 for windows too small to be worth a segment).
func (t *Transport) startPersist(c *conn) {
	if c.rtxAt == 0 {
		c.progress = t.now
		c.rtxKind, c.rtxAt = timerPersist, t.now+t.backedOff(c)
	}
}

// persistTimeout probes the window; false when the peer has not answered for too long.
func (t *Transport) persistTimeout(i uint32, c *conn) bool {
	if !c.unsent() || c.flight() != 0 {
		t.mark(i, c)
		return true
	}
	t.stats[PersistTimeo]++
	if c.userTO > 0 && t.now-c.progress >= c.userTO || int(c.backoff) >= t.cfg.Retries && !t.patient(c) {
		t.stats[PersistDrop]++
		t.sendRST(c)
		t.drop(i, c, syscall.ETIMEDOUT)
		return false
	}
	if c.backoff < 255 && !t.waits(c) {
		c.backoff++
	}
	if n := min(c.unsentBytes(), c.sndWnd, t.fullSize(c)); n == 0 {
		t.windowProbe(c)
	} else if t.sendNew(c, n, false) {
		return true
	}
	c.rtxKind, c.rtxAt = timerPersist, t.now+t.backedOff(c)
	return true
}

// patient: a peer that answers with a closed window may take as long as it likes (RFC 9293 section 3.8.6.1), but not after Close, when
// nobody would ever give up.
func (t *Transport) patient(c *conn) bool {
	return t.now-c.lastRecv <= 2*t.cfg.RTOMax && !c.has(appClosed)
}

// windowProbe sends the byte, or the FIN, behind a closed window. SND.NXT stays: the peer need not take it.
func (t *Transport) windowProbe(c *conn) {
	t.stats[SndProbe]++
	n, flags := 1, wire.ACK
	if c.dataEnd() == c.sndNxt {
		n, flags = 0, wire.ACK|wire.FIN
	}
	if t.transmit(c, c.sndNxt, n, flags) {
		c.set(probeOut)
	}
}

// probeTaken: the peer accepted the probe's byte.
func (t *Transport) probeTaken(c *conn) {
	c.clear(probeOut)
	if c.dataEnd() == c.sndNxt {
		c.set(finSent)
	}
	c.sndNxt++
}
