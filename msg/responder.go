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
	in, out Ring
	mem     Buffers
	handle  Handler
	rest    map[uint64][]byte // by request id: what is still to be sent of a long reply
}

// NewResponder makes the secondary's end; in carries requests, out replies.
func NewResponder(in, out Ring, mem Buffers, handle Handler) *Responder {
	return &Responder{in: in, out: out, mem: mem, handle: handle, rest: make(map[uint64][]byte)}
}

// Poll answers what has come and reports whether there was anything.
func (r *Responder) Poll() (worked bool) {
	for {
		addr, ok := r.in.Dequeue()
		if !ok {
			return worked
		}
		worked = true
		r.answer(r.mem.Buffer(addr))
		r.out.Enqueue(addr) // never full: it has a place for each buffer
	}
}

func (r *Responder) answer(buf []byte) {
	h, err := ParseHeader(buf)
	if err != nil {
		return // the primary will see its own request come back
	}
	reply, found := r.rest[h.ID]
	h.Status = 0
	switch {
	case h.Flags&FlagMore == 0:
		reply, err = r.handle(h.Kind, buf[HeaderSize:HeaderSize+int(h.Len)])
	case !found:
		err = fmt.Errorf("%w: nothing more to send", syscall.EINVAL)
	}
	if err == nil && len(reply) > MaxReply {
		err = fmt.Errorf("%w: reply of %d bytes", syscall.EMSGSIZE, len(reply))
	}
	if err != nil {
		h.Status, reply = encodeError(err)
	}
	n := copy(buf[HeaderSize:], reply)
	h.Flags, h.Len = 0, uint32(n)
	delete(r.rest, h.ID)
	if n < len(reply) && len(r.rest) < maxUnfinished {
		h.Flags = FlagMore
		r.rest[h.ID] = reply[n:]
	}
	h.Put(buf)
}
