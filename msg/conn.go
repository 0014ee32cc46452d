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
	MaxFrame   = 64 << 10              // bytes of a frame, header included
	MaxRequest = MaxFrame - HeaderSize // bytes of a request's payload: it has one frame
	MaxReply   = 4 << 20               // bytes of a reply's payload
	MaxFDs     = 250                   // descriptors with one message; the kernel's limit is 253
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
// zero means none. After an error other than EMSGSIZE or that of encoding in, the connection is to
// be closed, since the peer may have a part of the message.
func (c *Conn) Send(h Header, in any, deadline time.Time, fds ...int) error {
	payload, err := encode(h.Kind, in)
	if err != nil {
		return err
	}
	return c.send(h, payload, deadline, fds)
}

// SendError answers the request h with err.
func (c *Conn) SendError(h Header, err error, deadline time.Time) error {
	var payload []byte
	h.Status, payload = encodeError(err)
	return c.send(h, payload, deadline, nil)
}

func encode(kind Kind, in any) ([]byte, error) {
	if in == nil {
		return nil, nil
	}
	payload, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encode %v: %w", kind, err)
	}
	return payload, nil
}

func (c *Conn) send(h Header, payload []byte, deadline time.Time, fds []int) error {
	if len(payload) > MaxReply || len(fds) > MaxFDs {
		return fmt.Errorf("send %v: %w: %d bytes (limit %d), %d descriptors (limit %d)",
			h.Kind, syscall.EMSGSIZE, len(payload), MaxReply, len(fds), MaxFDs)
	}
	if err := c.SetWriteDeadline(deadline); err != nil {
		return fmt.Errorf("send %v: %w", h.Kind, err)
	}
	return c.write(h, payload, fds)
}

// write writes the frames of a message.
func (c *Conn) write(h Header, payload []byte, fds []int) error {
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

// Recv reads one message, a reply or a notice. It returns io.EOF when the peer has closed. A
// deadline of zero means none. After any error the connection is to be closed.
func (c *Conn) Recv(deadline time.Time) (Message, error) {
	return c.recv(deadline, MaxReply, MaxFDs)
}

// RecvRequest reads one message that must be a request: of one frame, without descriptors. So a
// peer that only asks makes the receiver keep no more than a frame. Otherwise it is like Recv.
func (c *Conn) RecvRequest(deadline time.Time) (Message, error) {
	return c.recv(deadline, MaxRequest, 0)
}

func (c *Conn) recv(deadline time.Time, maxPayload, maxFDs int) (Message, error) {
	if err := c.SetReadDeadline(deadline); err != nil {
		return Message{}, fmt.Errorf("receive: %w", err)
	}
	var m Message
	for {
		h, part, fds, err := c.recvFrame()
		m.FDs = append(m.FDs, fds...)
		if err == nil && len(m.FDs) > maxFDs {
			err = fmt.Errorf("receive %v: %w: more than %d descriptors", h.Kind, syscall.EMSGSIZE, maxFDs)
		}
		if err == nil {
			err = m.add(h, part, maxPayload)
		}
		if err != nil {
			m.CloseFDs()
			return Message{}, err
		}
		if h.Flags&FlagMore == 0 {
			return m, nil
		}
	}
}

// add appends a frame to m; all frames of a message have one id and kind.
func (m *Message) add(h Header, part []byte, limit int) error {
	if m.Kind == 0 {
		m.Header = h
	}
	if err := h.checkPart(m.Header, len(m.Payload), limit); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	if h.Status != 0 {
		m.Payload = nil // the refusal takes the place of what came before it
	}
	m.Header = h
	m.Payload = append(m.Payload, part...)
	m.Len = uint32(len(m.Payload))
	return nil
}

// CloseFDs closes the descriptors that came with m, for a receiver that does not want them.
func (m *Message) CloseFDs() {
	for _, fd := range m.FDs {
		syscall.Close(fd)
	}
	m.FDs = nil
}

// Decode unmarshals the payload of m into out (nil: it is not looked at), or returns the *Error
// that m carries.
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

// recvFrame reads a frame; the payload is valid until the next call, the descriptors are the
// caller's even with an error.
func (c *Conn) recvFrame() (h Header, part []byte, fds []int, err error) {
	n, oobn, flags, _, err := c.ReadMsgUnix(c.rx, c.oob)
	for errors.Is(err, syscall.ECONNRESET) {
		// The peer closed without reading all that we sent. The kernel says so once, before it
		// gives what the peer wrote last.
		n, oobn, flags, _, err = c.ReadMsgUnix(c.rx, c.oob)
	}
	fds, fdsErr := parseFDs(c.oob[:oobn])
	switch {
	case errors.Is(err, io.EOF):
		return h, nil, fds, io.EOF
	case err == nil && fdsErr != nil:
		err = fdsErr
	case err == nil && flags&(syscall.MSG_TRUNC|syscall.MSG_CTRUNC) != 0:
		err = fmt.Errorf("%w: a frame has at most %d bytes and %d descriptors", syscall.EMSGSIZE, MaxFrame, MaxFDs)
	case err == nil:
		h, err = ParseHeader(c.rx[:n])
	}
	if err != nil {
		return h, nil, fds, fmt.Errorf("receive: %w", err)
	}
	return h, c.rx[HeaderSize : HeaderSize+int(h.Len)], fds, nil
}

// parseFDs returns all descriptors in oob, even with an error.
func parseFDs(oob []byte) ([]int, error) {
	if len(oob) == 0 {
		return nil, nil
	}
	cmsgs, err := syscall.ParseSocketControlMessage(oob)
	var all []int
	for i := range cmsgs {
		fds, rightsErr := syscall.ParseUnixRights(&cmsgs[i])
		all, err = append(all, fds...), errors.Join(err, rightsErr)
	}
	if err != nil {
		return all, fmt.Errorf("descriptors: %w", err)
	}
	return all, nil
}
