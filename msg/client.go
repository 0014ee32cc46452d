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

// DefaultSocket returns the control socket of the primary with this file prefix.
func DefaultSocket(filePrefix string) string {
	return filepath.Join(RunDir, filePrefix, "control.sock")
}

// Client makes calls over the control socket. Calls may come from any goroutine.
type Client struct {
	conn *Conn

	mu      sync.Mutex
	sendMu  sync.Mutex
	nextID  uint64
	pending map[uint64]chan Message
	done    chan struct{}
	err     error // why done is closed
}

// Dial connects to the primary's control socket and says hello. It returns the reply to the hello.
func Dial(ctx context.Context, path string, hello Hello) (*Client, Message, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unixpacket", path)
	if err != nil {
		return nil, Message{}, fmt.Errorf("connect to the primary: %w", err)
	}
	client := &Client{
		conn:    NewConn(c.(*net.UnixConn)),
		pending: make(map[uint64]chan Message),
		done:    make(chan struct{}),
	}
	go client.receive()
	hello.Version = Version
	reply, err := client.call(ctx, KindHello, hello)
	if err == nil && reply.Status != 0 {
		err = decodeError(reply.Status, reply.Payload)
	}
	if err != nil {
		client.Close()
		return nil, Message{}, err
	}
	return client, reply, nil
}

// receive hands each reply to its caller until the connection ends.
func (c *Client) receive() {
	for {
		m, err := c.conn.Recv(time.Time{})
		if err == nil && m.Kind == KindDetach {
			var d Detach
			if err = m.Decode(&d); err == nil {
				err = Errorf(syscall.ECONNABORTED, "detached by the primary: %s", d.Reason)
			}
		}
		if err != nil {
			c.fail(err)
			return
		}
		c.mu.Lock()
		reply := c.pending[m.ID]
		delete(c.pending, m.ID)
		c.mu.Unlock()
		if reply == nil {
			closeAll(m.FDs) // its caller has given up
			continue
		}
		reply <- m
	}
}

func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.done)
	}
}

// Done is closed when the connection has ended: the primary is gone, or it has detached the
// caller, or Close was called. Err tells which.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why Done was closed: io.EOF when the primary is gone, an *Error when it has detached
// the caller; nil while the connection lives.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection; calls under way return net.ErrClosed.
func (c *Client) Close() {
	c.fail(net.ErrClosed)
	c.conn.Close()
}

// Call sends a request and decodes its reply into out. A refusal is an *Error.
func (c *Client) Call(ctx context.Context, kind Kind, in, out any) error {
	m, err := c.call(ctx, kind, in)
	if err != nil {
		return err
	}
	return m.Decode(out)
}

func (c *Client) call(ctx context.Context, kind Kind, in any) (Message, error) {
	reply := make(chan Message, 1)
	c.mu.Lock()
	c.nextID++
	id := c.nextID
	c.pending[id] = reply
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.pending, id)
		c.mu.Unlock()
	}()
	deadline, _ := ctx.Deadline()
	c.sendMu.Lock()
	err := c.conn.Send(Header{ID: id, Kind: kind}, in, deadline)
	c.sendMu.Unlock()
	if err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		return Message{}, c.ended(kind, err)
	}
	select { // also when the peer has closed: its last word may be in flight
	case m := <-reply:
		return m, nil
	case <-c.done:
		select { // an answer that came before the end counts
		case m := <-reply:
			return m, nil
		default:
		}
		return Message{}, c.ended(kind, c.Err())
	case <-ctx.Done():
		return Message{}, fmt.Errorf("%v: %w", kind, ctx.Err())
	}
}

// ended prefers the reason that the primary gave over what a send on the dead connection says.
func (c *Client) ended(kind Kind, err error) error {
	if why := c.Err(); why != nil {
		err = why
	}
	return fmt.Errorf("%v: connection to the primary ended: %w", kind, err)
}
