package native

import (
	"net"
	"syscall"
	"time"

	"ringstack/stack/tcp"
)

// The loop's side of a net.Conn: what the stack tells of it, and what the application wants.

// readable implements stream.
func (c *conn) readable() {
	c.mu.Lock()
	c.pull()
	c.mu.Unlock()
}

// writable implements stream.
func (c *conn) writable() {
	c.mu.Lock()
	c.push()
	c.mu.Unlock()
}

// ended implements stream.
func (c *conn) ended(err syscall.Errno) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.has(closed | readShut) {
		c.limits.rx = unlimited // the stack forgets the rest when this call returns
		c.pull()
	}
	c.err = err
	if err == 0 {
		c.set(eof)
	}
	c.end()
}

// abandon implements stream.
func (c *conn) abandon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset(&c.rx)
	c.reset(&c.tx)
	c.base.abandon()
}

// end is for a connection that the stack does not know any more. The lock is held.
func (c *conn) end() {
	c.set(gone)
	c.reset(&c.tx)
	c.wakeReader()
	c.wakeWriter()
}

// serve does what the application wants of a connection.
func (c *conn) serve() {
	c.mu.Lock()
	c.clear(asked)
	if c.has(gone) {
		c.mu.Unlock()
		return
	}
	if c.has(taken) {
		c.clear(taken)
		c.host.tcp.Take(c.id)
	}
	c.push()
	if !c.has(closed) {
		c.pull()
		c.mu.Unlock()
		return
	}
	abort := c.rx.n > 0 || c.linger == 0 || !c.pushRest()
	c.reset(&c.rx)
	c.reset(&c.tx)
	c.set(gone)
	c.host.streams.drop(uint64(c.id))
	c.mu.Unlock()
	c.host.release(c.id, abort, time.Duration(c.linger)*time.Second)
}

// release closes a connection in the stack, which may call back about others: no lock is held. With unread bytes it is reset
// (RFC 2525 section 2.17).
func (h *host) release(id tcp.ID, abort bool, linger time.Duration) {
	if abort {
		h.tcp.Abort(id)
		return
	}
	if linger > 0 {
		h.tcp.SetLinger(id, linger)
	}
	h.tcp.Close(id)
}

// known reports whether the stack still knows the connection.
func (c *conn) known() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.has(gone)
}

// discard resets a connection that the application does not have.
func (c *conn) discard() {
	c.mu.Lock()
	c.set(gone | closed)
	c.reset(&c.rx)
	c.mu.Unlock()
	c.host.streams.drop(uint64(c.id))
	c.host.tcp.Abort(c.id)
}

// push moves what is written to the stack as far as it has room. The lock is held.
func (c *conn) push() {
	t := c.host.tcp
	for c.tx.n > 0 {
		b := c.tx.front()
		n, _ := t.Write(c.id, b)
		c.tx.drop(n)
		c.host.charge(-n)
		if n < len(b) {
			return // Writable or Closed follows
		}
	}
	if rest := c.out.buf[c.out.done:]; len(rest) > 0 {
		n, _ := t.Write(c.id, rest)
		c.out.done += n
		if n < len(rest) {
			return
		}
	}
	c.wakeWriter()
	if c.has(finAsked) && !c.has(finSent) {
		c.set(finSent)
		t.CloseWrite(c.id)
	}
}

// pushRest makes room in the stack for all that is written, when the application has closed the connection and nobody is
// left to wait; false: the stack is short of memory.
func (c *conn) pushRest() bool {
	if c.tx.n > 0 {
		c.host.tcp.SetBuffers(c.id, c.host.tcp.Unsent(c.id)+c.tx.n, 0)
		c.push()
	}
	return c.tx.n == 0
}

// pull takes received bytes from the stack as far as there is room for them. The lock is held.
func (c *conn) pull() {
	t := c.host.tcp
	for b := t.Peek(c.id); len(b) > 0; b = t.Peek(c.id) {
		n := c.take(b)
		t.Consume(c.id, n)
		if n < len(b) {
			c.set(held)
			return
		}
	}
	c.clear(held)
	if !c.has(eof) && t.EOF(c.id) {
		c.set(eof)
		c.wakeReader()
	}
}

// take moves bytes to the call that waits, or else to the buffer, and returns how many.
func (c *conn) take(b []byte) (n int) {
	if c.has(readShut) {
		return len(b)
	}
	if c.in.buf != nil && c.rx.n == 0 {
		n = copy(c.in.buf[c.in.done:], b)
		c.in.done += n
		c.host.wakeLater(&c.in)
	}
	if room := c.readRoom(); room > 0 && n < len(b) {
		rest := b[n:][:min(room, len(b)-n)]
		c.rx.write(rest)
		c.host.charge(len(rest))
		n += len(rest)
		c.wakeReader()
	}
	return n
}

// unlimited is a limit that nothing comes near, and that the budget does not lower.
const unlimited = 1<<31 - 1

// readRoom is how many received bytes can be queued. Beyond the budget that is none, but a little where a call has not waited: nothing else
// would ever tell it of more.
func (c *conn) readRoom() int {
	switch {
	case c.limits.rx == unlimited || !c.host.overBudget():
		return int(c.limits.rx) - c.rx.n
	case c.rx.n == 0 && c.has(wantRead):
		return blockSize
	}
	return 0
}

var _ net.Conn = (*conn)(nil)
