package native

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"ringstack/secondary/engine"
	"ringstack/stack/tcp"
)

// Package net's keep-alive.
const (
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 15 * time.Second
	keepAliveCount    = 9
)

// usual are no options.
var usual engine.Options

func orUsual(o *engine.Options) *engine.Options {
	if o == nil {
		return &usual
	}
	return o
}

// configure gives a new connection what package net gives it, what the sysctls say, and what it was opened with. It belongs to the
// loop.
func (h *host) configure(id tcp.ID, o *engine.Options) {
	t := h.tcp
	t.SetNoDelay(id, !o.Nagle)
	k := net.KeepAliveConfig{Enable: true}
	if o.KeepAlive != nil {
		k = *o.KeepAlive
	}
	t.SetKeepAlive(id, keepAlive(k))
	h.settings.apply(t, id)
	if o.TTL != 0 {
		t.SetTTL(id, uint8(o.TTL), 0)
	}
	t.SetBuffers(id, atLeast(o.WriteBuffer), atLeast(o.ReadBuffer))
}

// order makes the loop run f with the connection's id, which may be invalid then.
func (c *conn) order(f func(t *tcp.Transport, id tcp.ID)) error {
	return c.base.later(func() { f(c.host.tcp, c.id) })
}

// option is order with the errors of package net.
func (c *conn) option(f func(t *tcp.Transport, id tcp.ID)) error {
	return c.opError("set", "setsockopt", c.order(f))
}

// SetNoDelay switches Nagle's algorithm off, as it is by default, or on.
func (c *conn) SetNoDelay(on bool) error {
	return c.option(func(t *tcp.Transport, id tcp.ID) { t.SetNoDelay(id, on) })
}

// SetKeepAlive switches keep-alive probes on, as they are by default, or off.
func (c *conn) SetKeepAlive(on bool) error {
	return c.option(func(t *tcp.Transport, id tcp.ID) { t.SetKeepAlive(id, tcp.KeepAlive{Enable: on}) })
}

// SetKeepAlivePeriod sets the idle time before the first probe.
func (c *conn) SetKeepAlivePeriod(d time.Duration) error {
	return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: d, Interval: -1, Count: -1})
}

// SetKeepAliveConfig is net.TCPConn.SetKeepAliveConfig: 0 stands for package net's default, and a negative value leaves
// things as they are.
func (c *conn) SetKeepAliveConfig(k net.KeepAliveConfig) error {
	return c.option(func(t *tcp.Transport, id tcp.ID) { t.SetKeepAlive(id, keepAlive(k)) })
}

func keepAlive(k net.KeepAliveConfig) tcp.KeepAlive {
	return tcp.KeepAlive{
		Enable: k.Enable, Count: orElse(k.Count, keepAliveCount),
		Idle: orElse(k.Idle, keepAliveIdle), Intvl: orElse(k.Interval, keepAliveInterval),
	}
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
		return c.opError("set", "setsockopt", net.ErrClosed)
	}
	c.linger = seconds(sec)
	return nil
}

func seconds(sec int) int32 { return int32(max(min(sec, 1<<31-1), -1)) }

// SetTTL sets the TTL and hop limit of what is sent: 1 to 255.
func (c *conn) SetTTL(ttl int) error {
	if !validTTL(ttl) {
		return c.opError("set", "setsockopt", syscall.EINVAL)
	}
	return c.option(func(t *tcp.Transport, id tcp.ID) { t.SetTTL(id, uint8(ttl), 0) })
}

func validTTL(ttl int) bool { return ttl >= 1 && ttl <= 255 }

// SetReadBuffer fixes the size of the receive window in bytes.
func (c *conn) SetReadBuffer(bytes int) error { return c.setBuffer(&c.limits.rx, bytes, 0, bytes) }

// SetWriteBuffer fixes how many bytes the stack queues for sending.
func (c *conn) SetWriteBuffer(bytes int) error { return c.setBuffer(&c.limits.tx, bytes, bytes, 0) }

func (c *conn) setBuffer(l *int32, bytes, send, receive int) error {
	if bytes <= 0 {
		return c.setError(syscall.EINVAL)
	}
	c.mu.Lock()
	*l = limit(bytes)
	c.mu.Unlock()
	return c.setError(c.order(func(t *tcp.Transport, id tcp.ID) { t.SetBuffers(id, atLeast(send), atLeast(receive)) }))
}

// leastBuffer is the smallest buffer in bytes; smaller wishes get it, as in kernels.
const leastBuffer = 2048

// limit is what is queued here when a buffer of so many bytes is wished for, or bufferSize for 0.
func limit(bytes int) int32 {
	if bytes == 0 {
		return bufferSize
	}
	return int32(max(min(bytes, bufferSize), leastBuffer))
}

// atLeast raises a wish to leastBuffer; 0 is none.
func atLeast(bytes int) int {
	if bytes == 0 {
		return 0
	}
	return max(bytes, leastBuffer)
}

// errNoDescriptor is the answer to those who want to talk to the kernel about a socket.
var errNoDescriptor = fmt.Errorf("a socket of a user-space stack has no file descriptor: %w", errors.ErrUnsupported)

// SyscallConn implements syscall.Conn. It fails: the kernel does not know the socket.
func (s *base) SyscallConn() (syscall.RawConn, error) {
	return nil, s.opError("syscallconn", "", errNoDescriptor)
}
