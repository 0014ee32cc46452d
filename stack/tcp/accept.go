package tcp

import "time"

// complete makes a connection of a half-open one and hands it the segment that completed it.
func (t *Transport) complete(j uint32, h *halfOpen, s *segment) {
	l := t.listener(h.listener)
	if l == nil {
		t.stats[SCAborted]++
		t.resetFor(&h.flow, s)
		t.freeHalfOpen(j, h)
		return
	}
	if l.full() || t.conns.used >= t.conns.limit {
		t.stats[ListenDrop]++
		return
	}
	f, hs, id, hash, at := h.flow, h.handshake, h.listener, h.hash, h.at
	t.freeHalfOpen(j, h)
	t.stats[SCCompleted]++
	rtt := time.Duration(0)
	if hs.tries == 0 {
		rtt = t.now - at
	}
	t.accept(id, &f, &hs, hash, rtt, s)
}

// accept makes the connection, tells the application and goes on with the segment.
func (t *Transport) accept(id ID, f *flow, hs *handshake, hash uint32, rtt time.Duration, s *segment) {
	i, c := t.newConn(f, hash)
	c.irs, c.iss = hs.irs, hs.iss
	c.rcvNxt = hs.irs + 1
	c.rcvAcked = c.rcvNxt
	c.rcvAdv = c.rcvNxt + min(c.rcvBuf, maxWindow)
	c.tsRecent, c.tsOff = hs.tsRecent, hs.tsOff
	c.peerMSS = hs.mss
	c.set(hs.flags & (useTS | useSACK | useECN))
	if hs.hasWScale {
		c.sndWScale, c.rcvWScale = hs.sndWScale, t.windowScale()
	}
	c.sndWnd = uint32(hs.wnd)
	c.maxSndWnd = c.sndWnd
	c.sndWL1, c.sndWL2 = hs.irs, hs.iss
	c.parent = id
	if hs.tries > 0 {
		c.synTries = 2
	}
	t.opened(c)
	if rtt > 0 {
		t.rttSample(c, rtt)
	}
	l := t.listener(id)
	if l.Backlog > 0 {
		l.pending++
		c.set(notTaken)
	}
	t.stats[Accepts]++
	gen := c.gen
	t.events.Accepted(id, makeID(i, gen))
	if c.gen == gen && !c.has(released) && c.state != Closed {
		t.connInput(i, c, s)
	}
}
