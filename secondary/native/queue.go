package native

import "sync"

// block is a piece of a queue.
type block struct {
	next       *block
	start, end int // the bytes in use
	data       [blockSize]byte
}

// blockSize fills a block up to 4 KB.
const blockSize = 4096 - 24

var blocks = sync.Pool{New: func() any { return new(block) }}

// queue is a byte FIFO. It grows by blocks and holds none when it is empty.
type queue struct {
	head, tail *block
	n          int
}

// write appends b.
func (q *queue) write(b []byte) {
	q.n += len(b)
	for len(b) > 0 {
		if q.tail == nil || q.tail.end == blockSize {
			q.grow()
		}
		n := copy(q.tail.data[q.tail.end:], b)
		q.tail.end += n
		b = b[n:]
	}
}

func newBlock() *block {
	b := blocks.Get().(*block)
	b.next, b.start, b.end = nil, 0, 0
	return b
}

func (q *queue) grow() { q.link(newBlock()) }

func (q *queue) link(b *block) {
	if q.tail == nil {
		q.head = b
	} else {
		q.tail.next = b
	}
	q.tail = b
}

// push appends a block, which becomes the queue's.
func (q *queue) push(b *block) {
	q.n += b.end - b.start
	q.link(b)
}

// pop removes the first block, which becomes the caller's. The queue is not empty.
func (q *queue) pop() *block {
	b := q.head
	q.n -= b.end - b.start
	if q.head = b.next; q.head == nil {
		q.tail = nil
	}
	return b
}

// front returns the first bytes as far as they lie together. They stay valid until dropped.
func (q *queue) front() []byte {
	if q.head == nil {
		return nil
	}
	return q.head.data[q.head.start:q.head.end]
}

// drop removes the first n bytes; n is at most q.n.
func (q *queue) drop(n int) {
	q.n -= n
	for n > 0 || q.head != nil && q.n == 0 {
		b := q.head
		have := b.end - b.start
		if n < have {
			b.start += n
			return
		}
		n -= have
		if q.head = b.next; q.head == nil {
			q.tail = nil
		}
		blocks.Put(b)
	}
}

// read moves the first bytes to b.
func (q *queue) read(b []byte) int {
	n := q.peek(b, 0)
	q.drop(n)
	return n
}

// peek copies bytes from offset on to b.
func (q *queue) peek(b []byte, offset int) (n int) {
	for p := q.head; p != nil && n < len(b); p = p.next {
		have := p.end - p.start
		if offset >= have {
			offset -= have
			continue
		}
		n += copy(b[n:], p.data[p.start+offset:p.end])
		offset = 0
	}
	return n
}

// reset empties the queue.
func (q *queue) reset() { q.drop(q.n) }
