package native

import (
	"io"
	"net"
	"os"
	"syscall"

	"ringstack/stack/tcp"
)

// bufferSize bounds what each direction of a connection queues here, in bytes, besides what the stack queues.
const bufferSize = 64 << 10

// conn is a TCP connection: a net.Conn with what net.TCPConn has. Any goroutine may call its exported methods.
type conn struct {
	base
	id     tcp.ID // the loop's; set before the application has the connection
	rx, tx queue
	limits struct{ rx, tx int32 } // bytes
	linger int32                  // seconds; negative: as long as it takes
	err    syscall.Errno          // why it ended; 0: it did not, or in order
}

func newConn(h *host, local, remote endpoint) *conn {
	c := &conn{base: base{host: h, local: local, remote: remote}, linger: -1}
	c.limits.rx, c.limits.tx = bufferSize, bufferSize
	return c
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	c.in.turn.Lock()
	n, err := c.read(b)
	c.in.turn.Unlock()
	if err != nil {
		err = c.opError("read", err)
	}
	return n, err
}

func (c *conn) read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := c.in.failed(&c.base); err != nil {
			return 0, err
		}
		switch {
		case len(b) == 0:
			return 0, nil
		case c.rx.n > 0:
			n := c.rx.read(b)
			c.host.charge(-n)
			if c.has(held) && c.rx.n <= int(c.limits.rx)/2 {
				c.ask(c)
			}
			return n, nil
		case c.has(readShut):
			return 0, io.EOF
		case c.err != 0:
			c.set(errTold)
			return 0, c.err
		case c.has(eof):
			return 0, io.EOF
		}
		if c.has(held) {
			c.ask(c)
		}
		c.in.buf, c.in.done = b, 0
		c.in.sleep(&c.mu)
		c.in.buf = nil
		if n := c.in.done; n > 0 {
			return n, nil
		}
	}
}

// failed returns why a call on this side cannot go on, whatever the stack says.
func (s *side) failed(b *base) error {
	switch {
	case b.has(closed | abandoned):
		return net.ErrClosed
	case s.expired:
		return os.ErrDeadlineExceeded
	}
	return nil
}

// Write implements net.Conn. It returns when all of b is queued.
func (c *conn) Write(b []byte) (int, error) {
	c.out.turn.Lock()
	n, err := c.write(b)
	c.out.turn.Unlock()
	if err != nil {
		err = c.opError("write", err)
	}
	return n, err
}

func (c *conn) write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.writable(); err != nil || len(b) == 0 {
		return 0, err
	}
	if c.tx.n+len(b) <= int(c.limits.tx) && !c.host.overBudget() {
		c.tx.write(b)
		c.host.charge(len(b))
		c.ask(c)
		return len(b), nil
	}
	// The loop takes what does not fit from where it is.
	c.out.buf, c.out.done = b, 0
	c.ask(c)
	var err error
	for err == nil && c.out.done < len(b) {
		c.out.sleep(&c.mu)
		err = c.writable()
	}
	n := c.out.done
	c.out.buf, c.out.done = nil, 0
	if n == len(b) {
		err = nil
	}
	return n, err
}

// writable returns why nothing can be written.
func (c *conn) writable() error {
	if err := c.out.failed(&c.base); err != nil {
		return err
	}
	switch {
	case c.has(finAsked):
		return syscall.EPIPE
	case c.err != 0 && c.has(errTold):
		return syscall.EPIPE
	case c.err != 0:
		c.set(errTold)
		return c.err
	}
	return nil
}

// Close implements net.Conn: it ends all calls that wait with net.ErrClosed. What was written is still sent, as SetLinger says.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.close() {
		return c.opError("close", net.ErrClosed)
	}
	c.ask(c)
	if c.has(gone) {
		c.reset(&c.rx)
		c.reset(&c.tx)
	}
	return nil
}

// CloseRead makes Read return io.EOF. What still comes is thrown away.
func (c *conn) CloseRead() error { return c.shut(readShut) }

// CloseWrite sends FIN after what is written.
func (c *conn) CloseWrite() error { return c.shut(finAsked) }

func (c *conn) shut(how flags) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.has(closed):
		return c.opError("shutdown", net.ErrClosed)
	case c.err != 0:
		return c.opError("shutdown", syscall.ENOTCONN)
	}
	c.set(how)
	if c.has(readShut) {
		c.reset(&c.rx)
		c.in.wake()
	}
	c.ask(c)
	return nil
}

// reset empties one of the connection's queues.
func (c *conn) reset(q *queue) {
	c.host.charge(-q.n)
	q.reset()
}
