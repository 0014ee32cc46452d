package buf

// Queue is a byte stream of a pool. The zero value is an empty stream that begins at position 0. Positions are sequence
// numbers: they wrap at 2^32, and a queue is shorter than 2^31 bytes.
type Queue struct {
	head, tail uint32
	n          uint32
	pos        uint32
}

// Len is the number of bytes held.
func (q *Queue) Len() int { return int(q.n) }

// Pos is the position of the first byte.
func (q *Queue) Pos() uint32 { return q.pos }

// SetPos says where an empty queue begins.
func (q *Queue) SetPos(pos uint32) { q.pos = pos }

// Room returns the unused bytes at the end of the stream's last chunk, taking a chunk if there are none; nil at the
// pool's limit. Extend then makes them part of the stream. The slice is valid until the next call on the queue.
func (p *Pool) Room(q *Queue) []byte {
	if q.tail == 0 || p.meta[q.tail].end == ChunkSize {
		i := p.take()
		if i == 0 {
			return nil
		}
		if q.tail == 0 {
			q.head = i
		} else {
			p.meta[q.tail].next = i
		}
		q.tail = i
	}
	return p.bytes(q.tail)[p.meta[q.tail].end:]
}

// Extend adds the first n bytes of the last Room to the stream.
func (p *Pool) Extend(q *Queue, n int) {
	p.meta[q.tail].end += uint16(n)
	q.n += uint32(n)
}

// Append copies b to the end of the stream and returns how many bytes the pool had room for.
func (p *Pool) Append(q *Queue, b []byte) int {
	done := 0
	for done < len(b) {
		room := p.Room(q)
		if room == nil {
			break
		}
		n := copy(room, b[done:])
		p.Extend(q, n)
		done += n
	}
	return done
}

// Front returns the stream's first contiguous bytes, nil when it is empty. They stay valid until consumed.
func (p *Pool) Front(q *Queue) []byte {
	if q.n == 0 {
		return nil
	}
	m := &p.meta[q.head]
	return p.bytes(q.head)[m.start:m.end]
}

// Consume drops the first n bytes; n is at most Len.
func (p *Pool) Consume(q *Queue, n int) {
	q.pos += uint32(n)
	q.n -= uint32(n)
	for n > 0 {
		m := &p.meta[q.head]
		have := int(m.end - m.start)
		if n < have {
			m.start += uint16(n)
			return
		}
		n -= have
		p.dropHead(q)
	}
	// A chunk that Room took but nothing extended must not stay with an empty queue.
	if q.n == 0 && q.head != 0 {
		p.dropHead(q)
	}
}

func (p *Pool) dropHead(q *Queue) {
	i := q.head
	q.head = p.meta[i].next
	if q.head == 0 {
		q.tail = 0
	}
	p.give(i)
}

// Reset empties the stream and gives its chunks back.
func (p *Pool) Reset(q *Queue) {
	for q.head != 0 {
		p.dropHead(q)
	}
	q.pos += q.n
	q.n = 0
}

// Splice moves all of src to the end of dst without copying. src begins where dst ends.
func (p *Pool) Splice(dst, src *Queue) {
	if src.n == 0 {
		p.Reset(src)
		return
	}
	if dst.n == 0 {
		p.Reset(dst)
		dst.head, dst.pos = src.head, src.pos
	} else {
		p.meta[dst.tail].next = src.head
	}
	dst.tail = src.tail
	dst.n += src.n
	*src = Queue{pos: src.pos + src.n}
}
