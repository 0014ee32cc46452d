package tcp

import "syscall"

// CloseWrite ends our stream: the FIN follows what is queued. Errors: ENOTCONN, EPIPE (it was ended before).
func (t *Transport) CloseWrite(id ID) syscall.Errno {
	i, c := t.conn(id)
	switch {
	case c == nil || c.state < Established && c.state != Closed:
		return syscall.ENOTCONN
	case !c.state.maySend():
		return syscall.EPIPE
	}
	t.endStream(i, c)
	return 0
}

func (t *Transport) endStream(i uint32, c *conn) {
	c.set(finQueued)
	c.clear(wantWrite)
	if c.state == Established {
		c.state = FinWait1
	} else {
		c.state = LastAck
	}
	t.mark(i, c)
}

// Close gives the connection up: what is queued is still sent, and Closed comes when the end is reached, from a later call of the
// engine. Nothing else comes before it. With unread bytes (RFC 2525 section 2.17), or a linger time of 0, the connection is reset instead.
func (t *Transport) Close(id ID) {
	i, c := t.conn(id)
	if c == nil || c.has(appClosed|inEvent) {
		return
	}
	c.set(appClosed)
	switch {
	case c.state == Closed || c.state == TimeWait:
		t.mark(i, c)
	case c.state == SynSent || c.state == SynRcvd:
		t.giveUp(i, c, 0)
	case t.unread(i, c) > 0 || c.linger == 0:
		t.giveUp(i, c, syscall.ECONNRESET)
	default:
		t.closeOpen(i, c)
	}
}

func (t *Transport) closeOpen(i uint32, c *conn) {
	if c.state.maySend() {
		t.endStream(i, c)
	}
	c.lifeAt = 0
	if c.linger > 0 {
		c.setLife(timerLinger, t.now+c.linger)
	} else if c.state == FinWait2 {
		t.startFinWait2(c)
	}
	t.schedule(i, c)
}

// giveUp ends the connection at once; Flush tells the application.
func (t *Transport) giveUp(i uint32, c *conn, err syscall.Errno) {
	if c.state.synchronized() {
		t.sendRST(c)
	}
	t.stats[Drops]++
	t.forget(i, c)
	c.err = uint16(err)
	t.mark(i, c)
}

// Abort resets the connection. The id is invalid at once and nothing more is told.
func (t *Transport) Abort(id ID) {
	i, c := t.conn(id)
	if c == nil || c.has(inEvent) {
		return
	}
	if c.state.synchronized() {
		t.sendRST(c)
	}
	t.stats[Drops]++
	t.forget(i, c)
	t.release(i, c)
}
