package native

import (
	"net"
	"syscall"
	"time"

	"ringstack/stack/tcp"
)

// Package net's keep-alive.
const (
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 15 * time.Second
	keepAliveCount    = 9
)

// configure gives a new connection what package net gives it, and what the sysctls say. It belongs to the loop.
func (h *host) configure(id tcp.ID) {
	t := h.tcp
	t.SetNoDelay(id, true)
	t.SetKeepAlive(id, tcp.KeepAlive{Enable: true, Idle: keepAliveIdle, Intvl: keepAliveInterval, Count: keepAliveCount})
	h.settings.apply(t, id)
}

// order makes the loop run f with the connection's id, which may be invalid then.
func (c *conn) order(f func(t *tcp.Transport, id tcp.ID)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.has(closed) {
		return c.opError("set", net.ErrClosed)
	}
	if !c.has(gone) {
		c.host.requests.add(order(func() { f(c.host.tcp, c.id) }))
	}
	return nil
}

// SetNoDelay switches Nagle's algorithm off, as it is by default, or on.
func (c *conn) SetNoDelay(on bool) error {
	return c.order(func(t *tcp.Transport, id tcp.ID) { t.SetNoDelay(id, on) })
}

// SetKeepAlive switches keep-alive probes on, as they are by default, or off.
func (c *conn) SetKeepAlive(on bool) error {
	return c.order(func(t *tcp.Transport, id tcp.ID) { t.SetKeepAlive(id, tcp.KeepAlive{Enable: on}) })
}

// SetKeepAlivePeriod sets the idle time before the first probe, and the time between probes.
func (c *conn) SetKeepAlivePeriod(d time.Duration) error {
	return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: d, Interval: d, Count: -1})
}

// SetKeepAliveConfig is net.TCPConn.SetKeepAliveConfig: 0 stands for package net's default, and a negative value leaves
// things as they are.
func (c *conn) SetKeepAliveConfig(k net.KeepAliveConfig) error {
	set := tcp.KeepAlive{
		Enable: k.Enable, Count: orElse(k.Count, keepAliveCount),
		Idle: orElse(k.Idle, keepAliveIdle), Intvl: orElse(k.Interval, keepAliveInterval),
	}
	return c.order(func(t *tcp.Transport, id tcp.ID) { t.SetKeepAlive(id, set) })
}

// orElse returns v, or other when v is 0, or the stack's "as it is" when v is negative.
func orElse[T int | time.Duration](v, other T) T {
	if v == 0 {
		return other
	}
	return max(v, 0)
}

// SetLinger says what becomes of unsent bytes at Close: negative: they are sent; 0: they are thrown away and the connection is
// reset; else that happens after so many seconds.
func (c *conn) SetLinger(sec int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.has(closed) {
		return c.opError("set", net.ErrClosed)
	}
	c.linger = int32(max(min(sec, 1<<31-1), -1))
	return nil
}

// SetReadBuffer fixes the size of the receive window in bytes.
func (c *conn) SetReadBuffer(bytes int) error { return c.setBuffer(&c.limits.rx, bytes, 0, bytes) }

// SetWriteBuffer fixes how many bytes the stack queues for sending.
func (c *conn) SetWriteBuffer(bytes int) error { return c.setBuffer(&c.limits.tx, bytes, bytes, 0) }

// leastBuffer is the smallest buffer in bytes; smaller wishes get it, as in kernels.
const leastBuffer = 2048

func (c *conn) setBuffer(limit *int32, bytes, send, receive int) error {
	if bytes <= 0 {
		return c.opError("set", syscall.EINVAL)
	}
	c.mu.Lock()
	*limit = int32(max(min(bytes, bufferSize), leastBuffer))
	c.mu.Unlock()
	return c.order(func(t *tcp.Transport, id tcp.ID) { t.SetBuffers(id, atLeast(send), atLeast(receive)) })
}

// atLeast raises a wish to leastBuffer; 0 is none.
func atLeast(bytes int) int {
	if bytes == 0 {
		return 0
	}
	return max(bytes, leastBuffer)
}
