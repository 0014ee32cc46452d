package native

import (
	"io"
	"net"
	"os"
	"syscall"

	"ringstack/secondary/engine"
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

func newConn(h *host, o *engine.Options, local, remote endpoint) *conn {
	c := &conn{base: base{host: h, options: o, local: local, remote: remote}, linger: -1}
	c.limits.rx, c.limits.tx = limit(o.ReadBuffer), limit(o.WriteBuffer)
	if o.Linger != nil {
		c.linger = seconds(*o.Linger)
	}
	return c
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	c.in.turn.Lock()
	n, err := c.read(b)
	c.in.turn.Unlock()
	if err != nil {
		err = c.opError("read", "read", err)
	}
	return n, err
}

func (c *conn) read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(b) == 0 {
		return 0, c.in.failed(&c.base)
	}
	for {
		err := c.mayRead()
		if err == nil {
			return c.dequeue(b), nil
		}
		if err != errAgain {
			return 0, err
		}
		c.in.buf, c.in.done = b, 0
		c.in.sleep(&c.mu)
		c.in.buf = nil
		if n := c.in.done; n > 0 {
			return n, nil
		}
	}
}

// errAgain is what a call that does not wait returns where another would.
const errAgain = syscall.EAGAIN

// mayRead returns nil when there are unread bytes, why there will be none, or errAgain.
func (c *conn) mayRead() error {
	if err := c.in.failed(&c.base); err != nil {
		return err
	}
	switch {
	case c.rx.n > 0:
		return nil
	case c.has(readShut):
		return io.EOF
	case c.err != 0:
		c.set(errTold)
		return c.err
	case c.has(eof):
		return io.EOF
	case c.has(held):
		c.ask(c)
	}
	return errAgain
}

// dequeue moves unread bytes to b.
func (c *conn) dequeue(b []byte) int {
	n := c.rx.read(b)
	c.dequeued(n)
	return n
}

// dequeued says that n unread bytes were taken.
func (c *conn) dequeued(n int) {
	c.host.charge(-n)
	if c.has(held) && c.rx.n <= int(c.limits.rx)/2 {
		c.ask(c)
	}
}

// failed returns why a call on this side cannot go on, whatever the stack says.
func (s *side) failed(b *base) error {
	switch {
	case b.has(closed):
		return net.ErrClosed
	case b.has(abandoned):
		return b.host.requests.why()
	case s.deadline == passed:
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
		err = c.opError("write", "write", err)
	}
	return n, err
}

func (c *conn) write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.mayWrite(); err != nil || len(b) == 0 {
		return 0, err
	}
	if c.fits(len(b)) {
		c.enqueue(b)
		return len(b), nil
	}
	// The loop takes what does not fit from where it is.
	c.out.buf, c.out.done = b, 0
	c.ask(c)
	var err error
	for err == nil && c.out.done < len(b) {
		c.out.sleep(&c.mu)
		err = c.mayWrite()
	}
	n := c.out.done
	c.out.buf, c.out.done = nil, 0
	if c.has(wantWrite) { // it waits for this call to end
		c.ask(c)
	}
	if n == len(b) {
		err = nil
	}
	return n, err
}

// fits reports whether n bytes can be queued for sending.
func (c *conn) fits(n int) bool { return c.tx.n+n <= int(c.limits.tx) && !c.host.overBudget() }

// enqueue queues bytes for sending.
func (c *conn) enqueue(b []byte) {
	c.tx.write(b)
	c.host.charge(len(b))
	c.ask(c)
}

// mayWrite returns why nothing can be written.
func (c *conn) mayWrite() error {
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
	c.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.close() {
		return c.opError("close", "close", net.ErrClosed)
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
		return c.opError("close", "shutdown", net.ErrClosed)
	case c.err != 0:
		return c.opError("close", "shutdown", syscall.ENOTCONN)
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
