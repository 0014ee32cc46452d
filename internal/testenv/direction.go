package testenv

import (
	"container/heap"
	"errors"
	"math/rand/v2"
	"os"
	"time"
)

// direction is what a relay does from one end to the other, in a goroutine of its own.
type direction struct {
	relay   *Relay
	in, out *os.File
	rng     *rand.Rand
	held    heldFrames
	n       int // frames held so far
}

// run relays until the sockets are closed.
func (d *direction) run() {
	buf := make([]byte, 1<<16)
	for {
		d.release(time.Now())
		d.in.SetReadDeadline(d.held.next())
		n, err := d.in.Read(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
		case err != nil:
			return
		default:
			d.take(buf[:n], time.Now())
		}
	}
}

// take decides on a frame, which is valid until it returns.
func (d *direction) take(frame []byte, now time.Time) {
	r := d.relay
	if r.MTU > 0 && len(frame) > etherLen+r.MTU {
		r.TooBig.Add(1)
		if !r.BlackHole {
			d.refuse(frame)
		}
		return
	}
	f := r.draw(d.rng, now)
	switch {
	case f.copies == 0:
		r.Lost.Add(1)
		return
	case f.copies == 2:
		r.Doubled.Add(1)
	}
	if f.due[0].Sub(now) > r.Delay {
		r.Late.Add(1)
	}
	for _, due := range f.due[:f.copies] {
		d.hold(frame, due, now)
	}
}

// hold sends a frame when it is due, in order with others that are due then.
func (d *direction) hold(frame []byte, due, now time.Time) {
	if !due.After(now) && len(d.held) == 0 {
		d.send(frame)
		return
	}
	d.n++
	heap.Push(&d.held, heldFrame{due, d.n, append([]byte(nil), frame...)})
}

func (d *direction) release(now time.Time) {
	for len(d.held) > 0 && !d.held[0].due.After(now) {
		d.send(heap.Pop(&d.held).(heldFrame).frame)
	}
}

func (d *direction) send(frame []byte) {
	if send(d.out, frame) == nil {
		d.relay.Passed.Add(1)
	}
}

// refuse tells the sender of a packet that it is too big.
func (d *direction) refuse(frame []byte) {
	if answer := tooBig(frame, d.relay.MTU); answer != nil {
		send(d.in, answer)
	}
}

// heldFrame is a frame on its way.
type heldFrame struct {
	due   time.Time
	n     int // among those of the same time
	frame []byte
}

// heldFrames is a heap, the next frame first.
type heldFrames []heldFrame

// next returns when a frame is due; zero: there is none.
func (h heldFrames) next() time.Time {
	if len(h) == 0 {
		return time.Time{}
	}
	return h[0].due
}

func (h heldFrames) Len() int      { return len(h) }
func (h heldFrames) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heldFrames) Push(f any)   { *h = append(*h, f.(heldFrame)) }

func (h heldFrames) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].n < h[j].n
	}
	return h[i].due.Before(h[j].due)
}

func (h *heldFrames) Pop() any {
	last := len(*h) - 1
	f := (*h)[last]
	*h = (*h)[:last]
	return f
}
