package native

import (
	"net/netip"
	"syscall"
	"time"

	"ringstack/secondary/engine"
	"ringstack/stack/tcp"
)

// eventConn is a TCP connection whose events its Handler takes in the loop: an engine.Conn, and a stream.
type eventConn struct {
	host          *host
	id            tcp.ID
	handler       engine.Handler
	local, remote endpoint
}

// connected implements opening.
func (c *eventConn) connected(errno syscall.Errno) {
	if errno != 0 {
		c.ended(errno)
		return
	}
	c.handler.Open(c)
}

func (c *eventConn) readable() { c.handler.Data(c) }
func (c *eventConn) writable() { c.handler.Writable(c) }

// ended implements stream.
func (c *eventConn) ended(errno syscall.Errno) {
	c.stopTimer()
	if errno == 0 {
		c.handler.Closed(c, nil)
		return
	}
	c.handler.Closed(c, errno)
}

// abandon implements stream.
func (c *eventConn) abandon() { c.handler.Closed(c, c.host.requests.why()) }

// Peek implements engine.Conn.
func (c *eventConn) Peek() []byte { return c.host.tcp.Peek(c.id) }

// Discard implements engine.Conn.
func (c *eventConn) Discard(n int) { c.host.tcp.Consume(c.id, n) }

// EOF implements engine.Conn.
func (c *eventConn) EOF() bool { return c.host.tcp.EOF(c.id) }

// Write implements engine.Conn.
func (c *eventConn) Write(b []byte) int {
	n, _ := c.host.tcp.Write(c.id, b)
	return n
}

// Room implements engine.Conn.
func (c *eventConn) Room() []byte { return c.host.tcp.Room(c.id) }

// Commit implements engine.Conn.
func (c *eventConn) Commit(n int) { c.host.tcp.Commit(c.id, n) }

// CloseWrite implements engine.Conn.
func (c *eventConn) CloseWrite() { c.host.tcp.CloseWrite(c.id) }

// Close implements engine.Conn.
func (c *eventConn) Close() {
	c.stopTimer()
	c.host.tcp.Close(c.id)
}

// Abort implements engine.Conn.
func (c *eventConn) Abort() {
	c.stopTimer()
	c.host.streams.drop(uint64(c.id))
	c.host.tcp.Abort(c.id)
}

// SetNoDelay implements engine.Conn.
func (c *eventConn) SetNoDelay(on bool) { c.host.tcp.SetNoDelay(c.id, on) }

// LocalAddr implements engine.Conn.
func (c *eventConn) LocalAddr() netip.AddrPort { return c.local.addrPort() }

// RemoteAddr implements engine.Conn.
func (c *eventConn) RemoteAddr() netip.AddrPort { return c.remote.addrPort() }

// timerOf is the number of a connection's timer.
func timerOf(id tcp.ID) uint32 { return uint32(id) + 1 }

// SetTimer implements engine.Conn.
func (c *eventConn) SetTimer(d time.Duration) {
	if _, known := c.host.streams.get(uint64(c.id)); !known {
		return
	}
	if d <= 0 {
		c.stopTimer()
		return
	}
	c.host.timers.Set(timerOf(c.id), c.host.now+d)
}

// stopTimer must come before the stack may give the connection's number to another.
func (c *eventConn) stopTimer() {
	if c.id != 0 {
		c.host.timers.Cancel(timerOf(c.id))
	}
}

// runTimers calls the handlers whose time has come.
func (h *host) runTimers() {
	for {
		number, due := h.timers.Expire(h.now)
		if !due {
			return
		}
		if c, ok := h.streams.at(number - 1).(*eventConn); ok {
			c.handler.Timer(c)
		}
	}
}
