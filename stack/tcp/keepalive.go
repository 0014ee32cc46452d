package tcp

import "syscall"

// startKeepAlive arms the keep-alive timer (RFC 9293 section 3.8.4) where the option is on and nothing more pressing runs.
func (t *Transport) startKeepAlive(i uint32, c *conn) {
	if c.has(keepAlive) && c.state.synchronized() && (c.lifeAt == 0 || c.lifeKind == timerKeep) {
		c.setLife(timerKeep, c.lastRecv+c.keepIdle)
		t.schedule(i, c)
	}
}

// keepTimeout probes a silent peer; false when it stays silent.
func (t *Transport) keepTimeout(i uint32, c *conn) bool {
	if !c.has(keepAlive) {
		return true
	}
	idle := t.now - c.lastRecv
	switch {
	case idle < c.keepIdle:
		c.setLife(timerKeep, c.lastRecv+c.keepIdle)
		return true
	case c.flight() != 0 || c.unsent():
		c.setLife(timerKeep, t.now+c.keepIdle) // retransmissions and window probes ask already
		return true
	case c.userTO > 0 && idle >= c.userTO && c.keepSent > 0, c.userTO == 0 && c.keepSent >= c.keepCount:
		t.stats[KeepDrops]++
		t.sendRST(c)
		t.drop(i, c, syscall.ETIMEDOUT)
		return false
	}
	t.stats[KeepTimeo]++
	if t.keepProbe(c) {
		c.keepSent++
	}
	c.setLife(timerKeep, t.now+c.keepIntvl)
	return true
}
