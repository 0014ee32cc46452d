package tcp

import "syscall"

// Write queues bytes for sending and returns how many it took. When that is fewer than given, Writable will tell when to try again.
// Errors: ENOTCONN, EPIPE (the stream was ended).
func (t *Transport) Write(id ID, b []byte) (int, syscall.Errno) {
	i, c := t.conn(id)
	switch {
	case c == nil || c.state < Established && c.state != Closed:
		return 0, syscall.ENOTCONN
	case !c.state.maySend():
		return 0, syscall.EPIPE
	}
	n := min(len(b), t.sendRoom(c))
	n = t.bufs.Append(&c.sndQ, b[:n])
	if n < len(b) {
		c.set(wantWrite)
	}
	if n > 0 {
		t.mark(i, c)
	}
	return n, 0
}

// Room returns memory of the send queue to be written in place: as much as lies together. Commit queues it. It is valid until the next
// call for the connection; nil: there is none now, and Writable will tell when to try again.
func (t *Transport) Room(id ID) []byte {
	_, c := t.conn(id)
	if c == nil || c.state < Established || !c.state.maySend() {
		return nil
	}
	room := t.sendRoom(c)
	if room > 0 {
		if b := t.bufs.Room(&c.sndQ); b != nil {
			return b[:min(len(b), room)]
		}
	}
	c.set(wantWrite)
	return nil
}

// Commit queues the first n bytes of the last Room, at most all of it.
func (t *Transport) Commit(id ID, n int) {
	i, c := t.conn(id)
	if n = min(n, len(t.Room(id))); n > 0 {
		t.bufs.Extend(&c.sndQ, n)
		t.mark(i, c)
	}
}

// WriteRoom is how many bytes Write takes now.
func (t *Transport) WriteRoom(id ID) int {
	_, c := t.conn(id)
	if c == nil || !c.state.maySend() {
		return 0
	}
	return t.sendRoom(c)
}

// Unsent is how many bytes the peer has not acknowledged.
func (t *Transport) Unsent(id ID) int {
	if _, c := t.conn(id); c != nil {
		return c.sndQ.Len()
	}
	return 0
}

// Peek returns the first unread bytes as far as they lie together; nil when there are none. They stay valid until Consume, but inside
// Readable no longer than that call.
func (t *Transport) Peek(id ID) []byte {
	i, c := t.conn(id)
	switch {
	case c == nil:
		return nil
	case t.direct.conn == i && len(t.direct.data) > 0:
		return t.direct.data
	}
	return t.bufs.Front(&c.rcvQ)
}

// Unread is the number of bytes that can be read.
func (t *Transport) Unread(id ID) int {
	i, c := t.conn(id)
	if c == nil {
		return 0
	}
	return t.unread(i, c)
}

func (t *Transport) unread(i uint32, c *conn) int {
	n := c.rcvQ.Len()
	if t.direct.conn == i {
		n += len(t.direct.data)
	}
	return n
}

// EOF tells that the peer ended its stream and that every byte of it was read.
func (t *Transport) EOF(id ID) bool {
	i, c := t.conn(id)
	return c != nil && c.has(finRcvd) && t.unread(i, c) == 0
}

// Consume drops the first n unread bytes, at most Unread, and tells the peer when that opens the window enough.
func (t *Transport) Consume(id ID, n int) {
	i, c := t.conn(id)
	if c == nil || n <= 0 {
		return
	}
	n = min(n, t.unread(i, c))
	if t.direct.conn == i && len(t.direct.data) > 0 {
		t.direct.data = t.direct.data[n:]
		c.rcvQ.SetPos(c.rcvQ.Pos() + uint32(n))
	} else {
		t.bufs.Consume(&c.rcvQ, n)
	}
	if !c.state.mayReceive() {
		return
	}
	t.tuneReceive(c)
	if t.windowUpdate(c) {
		t.stats[SndWinUp]++
		c.set(ackNow)
		t.mark(i, c)
	}
}

// Read copies and consumes unread bytes.
func (t *Transport) Read(id ID, b []byte) int {
	done := 0
	for done < len(b) {
		n := copy(b[done:], t.Peek(id))
		if n == 0 {
			break
		}
		t.Consume(id, n)
		done += n
	}
	return done
}
