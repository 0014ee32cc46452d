package msg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// RunDir is where primaries keep their control sockets, one folder a file prefix.
const RunDir = "/run/ringstack"

const connectPause = 5 * time.Millisecond

// DefaultSocket returns the control socket of the primary with this file prefix.
func DefaultSocket(filePrefix string) string {
	return filepath.Join(RunDir, filePrefix, "control.sock")
}

// Client makes calls over the control socket. Calls may come from any goroutine.
type Client struct {
	conn    *Conn
	sending chan struct{} // has a place for the one goroutine that sends

	mu      sync.Mutex
	nextID  uint64
	pending map[uint64]chan Message // each has room for its reply
	err     error                   // why done is closed
	done    chan struct{}
}

// Dial connects to the primary's control socket and says hello. It returns the reply to the hello,
// whose descriptors are the caller's. ctx limits Dial only.
func Dial(ctx context.Context, path string, hello Hello) (*Client, Message, error) {
	conn, err := connect(ctx, path)
	if err != nil {
		return nil, Message{}, fmt.Errorf("connect to the primary: %w", err)
	}
	c := &Client{
		conn:    NewConn(conn),
		sending: make(chan struct{}, 1),
		pending: make(map[uint64]chan Message),
		done:    make(chan struct{}),
	}
	go c.receive()
	hello.Version = Version
	reply, err := c.call(ctx, KindHello, hello)
	if err == nil {
		err = reply.Decode(nil)
	}
	if err != nil {
		reply.CloseFDs()
		c.Close()
		return nil, Message{}, err
	}
	return c, reply, nil
}

// connect waits its turn when many connect at once and the listener's queue is full.
func connect(ctx context.Context, path string) (*net.UnixConn, error) {
	var d net.Dialer
	for {
		conn, err := d.DialContext(ctx, "unixpacket", path)
		if err == nil {
			return conn.(*net.UnixConn), nil
		}
		if !errors.Is(err, syscall.EAGAIN) {
			return nil, err
		}
		select {
		case <-time.After(connectPause):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// Done is closed when the connection has ended: the primary is gone, or it has detached the
// caller, or Close was called. Err tells which.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why Done was closed: io.EOF when the primary is gone, an *Error when it has detached
// the caller, ESHUTDOWN if that is since it stops; nil while the connection lives.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection; calls under way return net.ErrClosed. Until then the socket stays open
// even when Done is closed, so that the primary sees the end of a secondary only when that has let
// go of the shared memory.
func (c *Client) Close() {
	c.fail(net.ErrClosed)
	c.conn.Close()
}

// Call sends a request (in as JSON, MaxRequest bytes at most; nil: no payload) and decodes its
// reply into out (nil: not wanted). A refusal is an *Error. When ctx ends first, its error comes
// back and the connection stays usable.
func (c *Client) Call(ctx context.Context, kind Kind, in, out any) error {
	m, err := c.call(ctx, kind, in)
	if err != nil {
		return err
	}
	m.CloseFDs()
	return m.Decode(out)
}

func (c *Client) call(ctx context.Context, kind Kind, in any) (Message, error) {
	id, reply := c.expect()
	defer c.forget(id, reply)
	if err := c.send(ctx, Header{ID: id, Kind: kind}, in); err != nil && !isGone(err) {
		return Message{}, fmt.Errorf("%v: %w", kind, err)
	}
	select { // also when the peer is gone: its last word may be in flight
	case m := <-reply:
		return m, nil
	case <-ctx.Done():
		return Message{}, fmt.Errorf("%v: %w", kind, ctx.Err())
	case <-c.done:
	}
	select { // an answer that came before the end counts
	case m := <-reply:
		return m, nil
	default:
		return Message{}, fmt.Errorf("%v: connection to the primary ended: %w", kind, c.Err())
	}
}

// expect registers a call and returns its id and where its reply will come.
func (c *Client) expect() (uint64, chan Message) {
	reply := make(chan Message, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nextID++
	c.pending[c.nextID] = reply
	return c.nextID, reply
}

// forget ends a call, with its reply taken or not.
func (c *Client) forget(id uint64, reply chan Message) {
	c.mu.Lock()
	delete(c.pending, id)
	c.mu.Unlock()
	select {
	case m := <-reply: // came when the caller had just given up
		m.CloseFDs()
	default:
	}
}

// send writes a request in one frame, so that it is sent wholly or, when ctx ends first, not at all.
func (c *Client) send(ctx context.Context, h Header, in any) error {
	payload, err := encode(h.Kind, in)
	if err != nil {
		return err
	}
	if len(payload) > MaxRequest {
		return fmt.Errorf("%w: request of %d bytes (limit %d)", syscall.EMSGSIZE, len(payload), MaxRequest)
	}
	select {
	case c.sending <- struct{}{}:
		defer func() { <-c.sending }()
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return net.ErrClosed
	}
	if err := c.conn.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.conn.SetWriteDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	err = c.conn.write(h, payload, nil)
	if !stop() {
		<-interrupted // so that it does not meet the next sender
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// isGone tells that a send failed since the connection has ended at one side; its receiving half
// knows the reason.
func isGone(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, net.ErrClosed)
}

// receive hands each reply to its caller until the connection ends.
func (c *Client) receive() {
	for {
		m, err := c.conn.Recv(time.Time{})
		if err == nil && m.Kind == KindDetach {
			m.CloseFDs()
			err = detached(&m)
		}
		if err != nil {
			c.fail(err)
			return
		}
		c.deliver(m)
	}
}

func detached(m *Message) error {
	var d Detach
	if err := m.Decode(&d); err != nil {
		return err
	}
	errno := syscall.ECONNABORTED
	if d.Stops {
		errno = syscall.ESHUTDOWN
	}
	return Errorf(errno, "detached by the primary: %s", d.Reason)
}

func (c *Client) deliver(m Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	reply := c.pending[m.ID]
	if reply == nil {
		m.CloseFDs() // its caller has given up
		return
	}
	delete(c.pending, m.ID)
	reply <- m
}

// fail ends all calls; the first reason stays.
func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.done)
	}
}
