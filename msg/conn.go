package msg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// Limits of the control socket.
const (
	MaxFrame = 64 << 10 // bytes of a frame, header included
	MaxReply = 4 << 20  // bytes of a whole payload
	MaxFDs   = 250      // descriptors with one frame; the kernel's limit is 253
)

// Message is a whole message as received: all parts of its payload put together.
type Message struct {
	Header
	Payload []byte
	FDs     []int // owned by the receiver, close-on-exec
}

// Conn carries messages over a connected SOCK_SEQPACKET socket. One goroutine may receive while
// others send; two sends must not run at the same time.
type Conn struct {
	*net.UnixConn
	rx, tx, oob []byte
}

// NewConn wraps a socket whose network is "unixpacket".
func NewConn(c *net.UnixConn) *Conn {
	return &Conn{
		UnixConn: c,
		rx:       make([]byte, MaxFrame),
		tx:       make([]byte, MaxFrame),
		oob:      make([]byte, syscall.CmsgSpace(MaxFDs*4)),
	}
}

// Send writes a message: in as JSON (nil: no payload), fds with its first frame. A deadline of
// zero means none.
func (c *Conn) Send(h Header, in any, deadline time.Time, fds ...int) error {
	var payload []byte
	if in != nil {
		var err error
		if payload, err = json.Marshal(in); err != nil {
			return fmt.Errorf("encode %v: %w", h.Kind, err)
		}
	}
	return c.send(h, payload, deadline, fds)
}

// SendError answers the request h with err.
func (c *Conn) SendError(h Header, err error, deadline time.Time) error {
	var payload []byte
	h.Status, payload = encodeError(err)
	return c.send(h, payload, deadline, nil)
}

func (c *Conn) send(h Header, payload []byte, deadline time.Time, fds []int) error {
	if len(payload) > MaxReply || len(fds) > MaxFDs {
		return fmt.Errorf("send %v: %w: %d bytes, %d descriptors", h.Kind, syscall.EMSGSIZE, len(payload), len(fds))
	}
	if err := c.SetWriteDeadline(deadline); err != nil {
		return fmt.Errorf("send %v: %w", h.Kind, err)
	}
	for {
		n := copy(c.tx[HeaderSize:], payload)
		payload = payload[n:]
		h.Flags, h.Len = 0, uint32(n)
		if len(payload) > 0 {
			h.Flags = FlagMore
		}
		h.Put(c.tx)
		var rights []byte
		if len(fds) > 0 {
			rights, fds = syscall.UnixRights(fds...), nil
		}
		if _, _, err := c.WriteMsgUnix(c.tx[:HeaderSize+n], rights, nil); err != nil {
			return fmt.Errorf("send %v: %w", h.Kind, err)
		}
		if len(payload) == 0 {
			return nil
		}
	}
}

// Recv reads one message. It returns io.EOF when the peer has closed. After any error the
// connection is to be closed.
func (c *Conn) Recv(deadline time.Time) (Message, error) {
	if err := c.SetReadDeadline(deadline); err != nil {
		return Message{}, fmt.Errorf("receive: %w", err)
	}
	var m Message
	for {
		h, part, fds, err := c.recvFrame()
		m.FDs = append(m.FDs, fds...)
		if err == nil {
			err = m.add(h, part)
		}
		if err != nil {
			closeAll(m.FDs)
			return Message{}, err
		}
		if h.Flags&FlagMore == 0 {
			return m, nil
		}
	}
}

// add appends a frame to m; all frames of a message have one id and kind.
func (m *Message) add(h Header, part []byte) error {
	if m.Kind != 0 && (h.ID != m.ID || h.Kind != m.Kind) {
		return fmt.Errorf("receive: %w: %v %d within %v %d", ErrBadHeader, h.Kind, h.ID, m.Kind, m.ID)
	}
	if len(m.Payload)+len(part) > MaxReply || len(m.FDs) > MaxFDs {
		return fmt.Errorf("receive %v: %w", h.Kind, syscall.EMSGSIZE)
	}
	m.Header = h
	m.Payload = append(m.Payload, part...)
	return nil
}

// recvFrame reads a frame; the payload is valid until the next call.
func (c *Conn) recvFrame() (Header, []byte, []int, error) {
	n, oobn, flags, _, err := c.ReadMsgUnix(c.rx, c.oob)
	if errors.Is(err, io.EOF) || err == nil && n == 0 {
		return Header{}, nil, nil, io.EOF
	}
	if err != nil {
		return Header{}, nil, nil, fmt.Errorf("receive: %w", err)
	}
	fds, err := parseFDs(c.oob[:oobn])
	if err != nil {
		return Header{}, nil, fds, err
	}
	if flags&(syscall.MSG_TRUNC|syscall.MSG_CTRUNC) != 0 {
		return Header{}, nil, fds, fmt.Errorf("receive: %w: a frame has at most %d bytes", syscall.EMSGSIZE, MaxFrame)
	}
	h, err := ParseHeader(c.rx[:n])
	if err != nil {
		return Header{}, nil, fds, fmt.Errorf("receive: %w", err)
	}
	return h, c.rx[HeaderSize : HeaderSize+int(h.Len)], fds, nil
}

func parseFDs(oob []byte) ([]int, error) {
	if len(oob) == 0 {
		return nil, nil
	}
	cmsgs, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("receive descriptors: %w", err)
	}
	var all []int
	for i := range cmsgs {
		fds, err := syscall.ParseUnixRights(&cmsgs[i])
		if err != nil {
			return all, fmt.Errorf("receive descriptors: %w", err)
		}
		all = append(all, fds...)
	}
	return all, nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		syscall.Close(fd)
	}
}

// Decode unmarshals the payload of m into out, or returns the *Error that m carries.
func (m *Message) Decode(out any) error {
	if m.Status != 0 {
		return decodeError(m.Status, m.Payload)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(m.Payload, out); err != nil {
		return fmt.Errorf("decode %v: %w", m.Kind, err)
	}
	return nil
}
