package ring

import (
	"sync/atomic"

	"ringstack/shm"
)

// Producer is the sending end of a ring.
type Producer struct {
	view
	head   uint32 // ours
	tail   uint32 // the consumer's, as last seen
	broken bool
}

// NewProducer opens the sending end of the ring at addr where the last producer left it.
func NewProducer(mem *shm.Memory, addr uint64) (*Producer, error) {
	v, err := open(mem, addr)
	if err != nil {
		return nil, err
	}
	p := &Producer{view: v, head: atomic.LoadUint32(&v.shared.ProdTail)}
	p.Free() // looks at the consumer's claim
	return p, nil
}

// Enqueue adds objs in order and returns how many fitted (rte_ring_enqueue_burst).
func (p *Producer) Enqueue(objs []uint64) int {
	n := uint32(len(objs))
	if free := p.capacity - (p.head - p.tail); free < n {
		n = min(n, p.Free())
	}
	if n == 0 {
		return 0
	}
	at(enqueueBegun)
	p.put(p.head, objs[:n])
	at(enqueuePut)
	p.head += n
	atomic.StoreUint32(&p.shared.ProdHead, p.head)
	at(enqueueHead)
	atomic.StoreUint32(&p.shared.ProdTail, p.head)
	at(enqueueDone)
	return int(n)
}

// Free returns how many objects fit now.
func (p *Producer) Free() uint32 {
	p.tail = atomic.LoadUint32(&p.shared.ConsTail)
	used := p.head - p.tail
	if used > p.capacity {
		p.broken = true
	}
	if p.broken {
		p.tail = p.head - p.capacity // full from now on
		return 0
	}
	return p.capacity - used
}

// Broken reports whether the consumer has claimed an impossible position. The ring takes nothing then.
func (p *Producer) Broken() bool { return p.broken }
