// Package buf holds byte streams in fixed chunks taken from slabs. Chunks are numbered, a Queue is three numbers and a
// position, and neither contains a pointer, so that a hundred thousand queues give the collector nothing to trace. An
// empty queue holds no chunk.
//
//	Queue  head ──► chunk ──► chunk ──► chunk ◄── tail
//	                [..####]  [######]  [###...]
//
// A Pool and its queues belong to one goroutine.
package buf

// ChunkSize is the room of one chunk in bytes.
const ChunkSize = 2048

const (
	slabShift = 7 // 128 chunks, 256 KB
	slabMask  = 1<<slabShift - 1
)

type chunk struct {
	next       uint32
	start, end uint16 // the bytes in use
}

// Pool is the chunks of one engine.
type Pool struct {
	data  [][]byte
	meta  []chunk
	free  uint32 // list of unused chunks, linked by next
	used  int
	limit int
}

// NewPool returns a pool that never holds more than limit bytes, rounded down to whole chunks.
func NewPool(limit int) *Pool {
	return &Pool{meta: make([]chunk, 1), limit: limit / ChunkSize}
}

// Used is the number of chunks in queues.
func (p *Pool) Used() int { return p.used }

// Free is the number of chunks that may still be taken.
func (p *Pool) Free() int { return p.limit - p.used }

func (p *Pool) bytes(i uint32) []byte {
	i--
	off := int(i&slabMask) * ChunkSize
	return p.data[i>>slabShift][off : off+ChunkSize : off+ChunkSize]
}

// take returns an empty chunk, or 0 at the limit.
func (p *Pool) take() uint32 {
	if p.used >= p.limit {
		return 0
	}
	if p.free == 0 {
		p.grow()
	}
	i := p.free
	p.free = p.meta[i].next
	p.meta[i] = chunk{}
	p.used++
	return i
}

func (p *Pool) give(i uint32) {
	p.meta[i].next = p.free
	p.free = i
	p.used--
}

func (p *Pool) grow() {
	p.data = append(p.data, make([]byte, ChunkSize<<slabShift))
	first := uint32(len(p.meta))
	for i := range uint32(1 << slabShift) {
		p.meta = append(p.meta, chunk{next: first + i + 1})
	}
	p.meta[len(p.meta)-1].next = 0
	p.free = first
}
