package msg

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// MaxWaiting is how many requests to one secondary may wait for a free message buffer.
const MaxWaiting = 64

// ErrViolation is wrapped by what Poll returns when the other side breaks the protocol.
var ErrViolation = errors.New("message ring violation")

// Done receives the reply to a request: its payload, which it may keep, or an error. It may make
// calls, and may call Fail.
type Done func(payload []byte, err error)

// Requester is the primary's end of a secondary's message rings. It owns the secondary's message
// buffers, trusts nothing that comes back, and is used by the primary's poll loop alone.
//
// A request has no deadline: a secondary that never answers keeps its buffers, and requests wait,
// MaxWaiting at most, until Fail.
type Requester struct {
	in      Sender
	out     Receiver
	mem     Buffers
	free    []uint64
	sent    map[uint64]*request // by buffer
	waiting []*request
	nextID  uint64
	failed  error // what Fail was called with
}

type request struct {
	Header
	payload []byte
	reply   []byte
	done    Done
}

// NewRequester makes the primary's end; in carries requests, out replies.
func NewRequester(in Sender, out Receiver, mem Buffers, buffers []uint64) *Requester {
	return &Requester{
		in: in, out: out, mem: mem,
		free: slices.Clone(buffers),
		sent: make(map[uint64]*request, len(buffers)),
	}
}

// Call sends a request or queues it until a buffer is free. done is called once, from Poll or Fail,
// unless Call returns an error: EMSGSIZE, EBUSY, or after Fail what Fail was given. The payload must
// not change until then.
func (r *Requester) Call(kind Kind, payload []byte, done Done) error {
	if r.failed != nil {
		return fmt.Errorf("%v: %w", kind, r.failed)
	}
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
	_ = r.sendWaiting() // Poll will meet the same error and report it
	return nil
}

// Unanswered returns how many requests have not ended.
func (r *Requester) Unanswered() int { return len(r.sent) + len(r.waiting) }

func (r *Requester) sendWaiting() error {
	for len(r.waiting) > 0 && len(r.free) > 0 {
		buf, req := r.free[len(r.free)-1], r.waiting[0]
		copy(r.mem.Buffer(buf)[HeaderSize:], req.payload)
		if err := r.send(buf, req); err != nil {
			return err
		}
		r.free = r.free[:len(r.free)-1]
		r.waiting = slices.Delete(r.waiting, 0, 1)
		r.sent[buf] = req
	}
	return nil
}

func (r *Requester) send(buf uint64, req *request) error {
	req.Put(r.mem.Buffer(buf))
	if !r.in.Enqueue(buf) { // it has a place for each buffer: the secondary has moved its end
		return fmt.Errorf("%w: request ring is full", ErrViolation)
	}
	return nil
}

// Poll takes replies and reports whether there were any. An error wraps ErrViolation: the
// secondary is to be detached and Fail called.
func (r *Requester) Poll() (worked bool, err error) {
	for range burst {
		buf, ok := r.out.Dequeue()
		if !ok || r.failed != nil {
			break
		}
		worked = true
		if err := r.receive(buf); err != nil {
			return worked, err
		}
	}
	return worked, r.sendWaiting()
}

// receive takes the reply in buf. A request stays in sent until it has ended, so that Fail finds it.
func (r *Requester) receive(buf uint64) error {
	req := r.sent[buf]
	if req == nil {
		return fmt.Errorf("%w: buffer %#x was not sent", ErrViolation, buf)
	}
	shared := r.mem.Buffer(buf)
	var head [HeaderSize]byte
	copy(head[:], shared) // the secondary may still write to it: look at one copy
	h, err := parseHeader(head[:], len(shared))
	if err == nil {
		err = h.checkPart(req.Header, len(req.reply), MaxReply)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrViolation, err)
	}
	part := shared[HeaderSize : HeaderSize+int(h.Len)]
	if h.Status != 0 {
		r.end(buf, nil, decodeError(h.Status, slices.Clone(part)))
		return nil
	}
	req.reply = append(req.reply, part...)
	if h.Flags&FlagMore != 0 {
		req.Flags, req.Len = FlagMore, 0
		return r.send(buf, req)
	}
	r.end(buf, req.reply, nil)
	return nil
}

func (r *Requester) end(buf uint64, reply []byte, err error) {
	done := r.sent[buf].done
	delete(r.sent, buf)
	r.free = append(r.free, buf)
	done(reply, err)
}

// Fail ends all requests with err; the requester is then done with.
func (r *Requester) Fail(err error) {
	if r.failed != nil {
		return
	}
	r.failed = err
	sent, waiting := r.sent, r.waiting
	r.sent, r.waiting = nil, nil
	for _, req := range sent {
		req.done(nil, err)
	}
	for _, req := range waiting {
		req.done(nil, err)
	}
}
