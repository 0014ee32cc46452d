package tcp

import "ringstack/stack/buf"

const maxWindow = 65535

// reserve is how many chunks of the pool Write leaves for received data.
const reserve = 64

// advertise returns the window field of a segment sent now and moves the right edge. The edge never moves left (RFC 9293 section
// 3.8.6) and moves right only by what is worth telling (RFC 1122 section 4.2.3.3).
func (t *Transport) advertise(c *conn) uint16 {
	free := uint32(0)
	c.clear(narrow)
	if used := uint32(c.rcvQ.Len()); used >= c.rcvBuf {
	} else if t.pressed() {
		c.set(narrow)
		t.squeezed = true
	} else {
		free = min(c.rcvBuf-used, maxWindow<<c.rcvWScale) >> c.rcvWScale << c.rcvWScale
	}
	edge := c.rcvNxt + free
	if gain := int32(edge - c.rcvAdv); gain > 0 && uint32(gain) >= min(c.rcvBuf/2, uint32(max(c.rcvMSS, c.mss))) {
		c.rcvAdv = edge
	}
	// Rounding down would take back up to one unit of what was promised.
	wnd := (c.rcvAdv - c.rcvNxt + 1<<c.rcvWScale - 1) >> c.rcvWScale
	wnd = min(wnd, maxWindow)
	c.rcvAdv = c.rcvNxt + wnd<<c.rcvWScale
	return uint16(wnd)
}

// windowUpdate: reading has made enough room to tell the peer at once.
func (t *Transport) windowUpdate(c *conn) bool {
	used := uint32(c.rcvQ.Len())
	if used >= c.rcvBuf {
		return false
	}
	told := c.rcvAdv - c.rcvNxt
	gain := int32(c.rcvBuf-used) - int32(told)
	return told < c.rcvBuf/2 && gain >= int32(min(c.rcvBuf/2, 2*uint32(max(c.rcvMSS, c.mss))))
}

// tuneReceive lets the receive window grow to twice what the application reads in one round trip (dynamic right-sizing).
func (t *Transport) tuneReceive(c *conn) {
	if c.has(fixedRcvBuf) || t.now-c.rcvRound < max(c.srtt, tick) {
		return
	}
	read := c.rcvQ.Pos() - c.rcvSpace
	if want := 2 * read; want > c.rcvBuf && !t.pressed() && t.now-c.rcvRound < 8*max(c.srtt, tick) {
		c.rcvBuf = min(want, uint32(t.cfg.MaxRecvBuf))
	}
	c.rcvSpace = c.rcvQ.Pos()
	c.rcvRound = t.now
}

// windowScale is the shift that lets the largest buffer be advertised (RFC 7323 section 2.3).
func (t *Transport) windowScale() (shift uint8) {
	for shift < 14 && maxWindow<<shift < t.cfg.MaxRecvBuf {
		shift++
	}
	return shift
}

// sendLimit is how many bytes the application may have queued: twice the congestion window within the configured bounds.
func (t *Transport) sendLimit(c *conn) uint32 {
	if c.has(fixedSndBuf) || t.pressed() {
		return c.sndBuf
	}
	return max(c.sndBuf, min(2*c.cwnd, uint32(t.cfg.MaxSendBuf)))
}

func (t *Transport) sendRoom(c *conn) int {
	room := int(t.sendLimit(c)) - c.sndQ.Len()
	if free := t.bufs.Free() - reserve; room > free*buf.ChunkSize {
		room = free * buf.ChunkSize
	}
	return max(room, 0)
}

// writableAgain: enough room to be worth a call.
func (t *Transport) writableAgain(c *conn) bool {
	return c.state.maySend() && !c.has(finQueued) && t.sendRoom(c) >= int(t.sendLimit(c)/3)
}
