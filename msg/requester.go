package msg

import (
	"errors"
	"fmt"
	"syscall"
)

// MaxWaiting is how many requests to one secondary may wait for a free message buffer.
const MaxWaiting = 64

// ErrViolation is wrapped by what Poll returns when the other side breaks the protocol.
var ErrViolation = errors.New("message ring violation")

// Done receives the reply to a request: its payload, which it may keep, or an error.
type Done func(payload []byte, err error)

// Requester is the primary's end of a secondary's message rings. It owns the secondary's message
// buffers, trusts nothing that comes back, and is used by the primary's poll loop alone.
type Requester struct {
	in, out Ring
	mem     Buffers
	free    []uint64
	sent    map[uint64]*request // by buffer
	waiting []*request
	nextID  uint64
}

type request struct {
	Header
	payload []byte
	reply   []byte
	done    Done
}

// NewRequester makes the primary's end; in carries requests, out replies.
func NewRequester(in, out Ring, mem Buffers, buffers []uint64) *Requester {
	return &Requester{
		in: in, out: out, mem: mem,
		free: append([]uint64(nil), buffers...),
		sent: make(map[uint64]*request, len(buffers)),
	}
}

// Call sends a request or queues it until a buffer is free. done is called once, from Poll or Fail.
// EMSGSIZE and EBUSY come back at once.
func (r *Requester) Call(kind Kind, payload []byte, done Done) error {
	if len(payload) > MaxMessage-HeaderSize {
		return fmt.Errorf("%v: %w: %d bytes of request", kind, syscall.EMSGSIZE, len(payload))
	}
	if len(r.waiting) >= MaxWaiting {
		return fmt.Errorf("%v: %w: %d requests wait already", kind, syscall.EBUSY, MaxWaiting)
	}
	r.nextID++
	r.waiting = append(r.waiting, &request{
		Header:  Header{ID: r.nextID, Kind: kind, Len: uint32(len(payload))},
		payload: payload,
		done:    done,
	})
	r.sendWaiting()
	return nil
}

func (r *Requester) sendWaiting() {
	for len(r.waiting) > 0 && len(r.free) > 0 {
		buf, req := r.free[len(r.free)-1], r.waiting[0]
		copy(r.mem.Buffer(buf)[HeaderSize:], req.payload)
		if !r.send(buf, req) {
			return
		}
		r.free = r.free[:len(r.free)-1]
		r.waiting = r.waiting[1:]
	}
}

func (r *Requester) send(buf uint64, req *request) bool {
	req.Put(r.mem.Buffer(buf))
	if !r.in.Enqueue(buf) {
		return false
	}
	r.sent[buf] = req
	return true
}

// Poll takes replies and reports whether there were any. An error wraps ErrViolation: the
// secondary is to be detached and Fail called.
func (r *Requester) Poll() (worked bool, err error) {
	for {
		buf, ok := r.out.Dequeue()
		if !ok {
			return worked, nil
		}
		worked = true
		if err := r.receive(buf); err != nil {
			return worked, err
		}
		r.sendWaiting()
	}
}

func (r *Requester) receive(buf uint64) error {
	req := r.sent[buf]
	if req == nil {
		return fmt.Errorf("%w: buffer %#x was not sent", ErrViolation, buf)
	}
	shared := r.mem.Buffer(buf)
	var head [HeaderSize]byte
	copy(head[:], shared) // the secondary may still write to it: look at one copy
	h, err := parseHeader(head[:], len(shared))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrViolation, err)
	}
	if h.ID != req.ID || h.Kind != req.Kind {
		return fmt.Errorf("%w: %v %d answered by %v %d", ErrViolation, req.Kind, req.ID, h.Kind, h.ID)
	}
	if len(req.reply)+int(h.Len) > MaxReply {
		return fmt.Errorf("%w: reply to %v exceeds %d bytes", ErrViolation, req.Kind, MaxReply)
	}
	req.reply = append(req.reply, shared[HeaderSize:HeaderSize+int(h.Len)]...)
	delete(r.sent, buf)
	if h.Flags&FlagMore != 0 {
		return r.askForMore(buf, req)
	}
	r.free = append(r.free, buf)
	if h.Status != 0 {
		req.done(nil, decodeError(h.Status, req.reply))
		return nil
	}
	req.done(req.reply, nil)
	return nil
}

func (r *Requester) askForMore(buf uint64, req *request) error {
	req.Flags, req.Len = FlagMore, 0
	if !r.send(buf, req) {
		return fmt.Errorf("%w: request ring is full", ErrViolation)
	}
	return nil
}

// Fail ends all requests with err; the requester is then done with.
func (r *Requester) Fail(err error) {
	for _, req := range r.sent {
		req.done(nil, err)
	}
	for _, req := range r.waiting {
		req.done(nil, err)
	}
	r.sent, r.waiting = nil, nil
}
