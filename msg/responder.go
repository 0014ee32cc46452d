package msg

import (
	"fmt"
	"syscall"
)

// Handler answers a request. The payload is valid during the call; the reply is taken over.
type Handler func(kind Kind, payload []byte) (reply []byte, err error)

// maxUnfinished is how many replies a Responder keeps the rest of; a primary that keeps to
// its message buffers never exceeds it.
const maxUnfinished = 64

// Responder is a secondary's end of its message rings, used by its loop goroutine alone.
type Responder struct {
	in     Receiver
	out    Sender
	mem    Buffers
	handle Handler
	rest   map[uint64][]byte // by request id: what is still to be sent of a long reply
}

// NewResponder makes the secondary's end; in carries requests, out replies.
func NewResponder(in Receiver, out Sender, mem Buffers, handle Handler) *Responder {
	return &Responder{in: in, out: out, mem: mem, handle: handle, rest: make(map[uint64][]byte)}
}

// Poll answers what has come and reports whether there was anything.
func (r *Responder) Poll() (worked bool) {
	for range burst {
		addr, ok := r.in.Dequeue()
		if !ok {
			return worked
		}
		worked = true
		r.answer(r.mem.Buffer(addr))
		r.out.Enqueue(addr) // never full: it has a place for each buffer
	}
	return worked
}

// answer puts the reply to the request in buf in its place. A request that cannot be read is
// answered too: the primary would take its own request for the reply.
func (r *Responder) answer(buf []byte) {
	h, err := ParseHeader(buf)
	var reply []byte
	if err == nil {
		reply, err = r.reply(h, buf[HeaderSize:HeaderSize+int(h.Len)])
	}
	answer := Header{ID: h.ID, Kind: h.Kind}
	if err != nil {
		answer.Status, reply = encodeError(err)
	}
	n := copy(buf[HeaderSize:MaxMessage], reply)
	answer.Len = uint32(n)
	if n < len(reply) {
		answer.Flags = FlagMore
		r.rest[h.ID] = reply[n:]
	}
	answer.Put(buf)
}

// reply returns what is to be sent in answer to h: all of it, also when it does not fit.
func (r *Responder) reply(h Header, payload []byte) ([]byte, error) {
	rest, found := r.rest[h.ID]
	delete(r.rest, h.ID)
	if h.Flags&FlagMore != 0 {
		if !found {
			return nil, fmt.Errorf("%w: nothing more to send", syscall.EINVAL)
		}
		return rest, nil
	}
	reply, err := r.handle(h.Kind, payload)
	if err == nil && len(reply) > MaxReply {
		err = fmt.Errorf("%w: reply of %d bytes", syscall.EMSGSIZE, len(reply))
	}
	if err == nil && len(reply) > MaxMessage-HeaderSize && len(r.rest) >= maxUnfinished {
		err = fmt.Errorf("%w: %d long replies are unfinished", syscall.EBUSY, maxUnfinished)
	}
	return reply, err
}
