package buf

// Cursor remembers the chunk of one position of a queue, so that reading on from there does not walk from the head. The
// zero value is ready. It survives Append and Consume; after Reset or Splice of its queue it must be zeroed.
type Cursor struct {
	chunk uint32
	pos   uint32 // position of the chunk's first byte when the cursor came there
}

// Slice returns the contiguous bytes of q from position pos on, at most n; nil when pos is at or past the end. It moves cur
// there. pos is not before the queue's first byte.
func (p *Pool) Slice(q *Queue, cur *Cursor, pos uint32, n int) []byte {
	if pos-q.pos >= q.n {
		return nil
	}
	// A chunk that begins before the queue does may have been freed.
	if cur.chunk == 0 || int32(cur.pos-q.pos) < 0 || int32(pos-cur.pos) < 0 {
		*cur = Cursor{q.head, q.pos}
	}
	for {
		m := &p.meta[cur.chunk]
		start := m.start
		size := uint32(m.end - start)
		if off := pos - cur.pos; off < size {
			b := p.bytes(cur.chunk)[start+uint16(off) : m.end]
			return b[:min(n, len(b))]
		}
		cur.pos += size
		cur.chunk = m.next
	}
}
