package dispatch

import "time"

// maxHeldOfOne is how many frames of one datagram may wait for its first
// fragment. 64 KB make 45 on Ethernet, and 118 with the 576 bytes that every
// IPv4 host takes (RFC 791, 3.1).
const maxHeldOfOne = 128

// wait has the caller hold a fragment of d that came before the first one.
func (f *fragments) wait(d *datagram, p *Packet) Verdict {
	if d.held.n >= maxHeldOfOne || !f.makeRoom(d) {
		return drop(ReasonFragTooMany)
	}
	if d.state == datagramNew {
		d.state = datagramWaiting
		f.waiting.push(d)
	}
	d.seen.add(p)
	f.asked = d
	return Verdict{Action: Hold}
}

// makeRoom forgets the longest-waiting datagram, not d, if no more frames may
// be held.
func (f *fragments) makeRoom(d *datagram) bool {
	if f.frames.free != nil {
		return true
	}
	oldest := f.waiting.oldest
	if oldest == nil || oldest == d {
		return false
	}
	f.evicted++
	f.abandon(oldest, ReasonFragEvicted)
	*oldest = datagram{}
	return true
}

func (f *fragments) hold(frame uint64) { f.frames.put(&f.asked.held, frame) }

// release lets go of the frames that have waited for the first fragment of d.
func (f *fragments) release(d *datagram) {
	f.waiting.remove(d)
	f.released = f.released[:0]
	for d.held.n > 0 {
		f.released = append(f.released, f.frames.take(&d.held))
	}
}

// abandon lets go of the frames that wait for the first fragment of d, if any.
func (f *fragments) abandon(d *datagram, why Reason) {
	if d.state != datagramWaiting {
		return
	}
	f.waiting.remove(d)
	for d.held.n > 0 {
		f.abandoned = append(f.abandoned, Abandoned{f.frames.take(&d.held), why})
	}
}

// collect returns the frames that were abandoned since it was last called.
func (f *fragments) collect(now time.Duration) []Abandoned {
	for d := f.waiting.oldest; d != nil && d.expires <= now; d = f.waiting.oldest {
		f.abandon(d, ReasonFragTimeout)
		*d = datagram{}
	}
	list := f.abandoned
	f.abandoned = f.abandoned[:0]
	return list
}

// waitingList has the datagrams that wait, in the order in which they began to.
type waitingList struct{ oldest, newest *datagram }

func (l *waitingList) push(d *datagram) {
	d.older = l.newest
	if l.newest == nil {
		l.oldest = d
	} else {
		l.newest.newer = d
	}
	l.newest = d
}

func (l *waitingList) remove(d *datagram) {
	if d.older == nil {
		l.oldest = d.newer
	} else {
		d.older.newer = d.newer
	}
	if d.newer == nil {
		l.newest = d.older
	} else {
		d.newer.older = d.older
	}
	d.older, d.newer = nil, nil
}

// frameQueue has the frames that a datagram holds, in the order of arrival.
type frameQueue struct {
	first, last *heldFrame
	n           int
}

type heldFrame struct {
	frame uint64
	next  *heldFrame
}

// framePool has room for all frames that may be held.
type framePool struct {
	free *heldFrame
	n    int // held
}

func newFramePool(size int) framePool {
	var pool framePool
	room := make([]heldFrame, size)
	for i := range room {
		room[i].next = pool.free
		pool.free = &room[i]
	}
	return pool
}

func (pool *framePool) put(q *frameQueue, frame uint64) {
	h := pool.free
	pool.free = h.next
	*h = heldFrame{frame: frame}
	if q.n == 0 {
		q.first = h
	} else {
		q.last.next = h
	}
	q.last = h
	q.n++
	pool.n++
}

func (pool *framePool) take(q *frameQueue) uint64 {
	h := q.first
	frame := h.frame
	q.first = h.next
	q.n--
	pool.n--
	*h = heldFrame{next: pool.free}
	pool.free = h
	return frame
}
