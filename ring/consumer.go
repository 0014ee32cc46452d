package ring

import (
	"sync/atomic"

	"ringstack/shm"
)

// Consumer is the receiving end of a ring.
type Consumer struct {
	view
	head   uint32 // ours
	tail   uint32 // the producer's, as last seen
	broken bool
}

// NewConsumer opens the receiving end of the ring at addr where the last consumer left it.
func NewConsumer(mem *shm.Memory, addr uint64) (*Consumer, error) {
	v, err := open(mem, addr)
	if err != nil {
		return nil, err
	}
	head := atomic.LoadUint32(&v.shared.ConsTail)
	return &Consumer{view: v, head: head, tail: head}, nil
}

// Dequeue moves up to len(objs) objects into objs and returns how many (rte_ring_dequeue_burst).
func (c *Consumer) Dequeue(objs []uint64) int {
	n := min(uint32(len(objs)), c.Len())
	if n == 0 {
		return 0
	}
	at(dequeueBegun)
	c.get(c.head, objs[:n])
	at(dequeueGot)
	c.head += n
	atomic.StoreUint32(&c.shared.ConsHead, c.head)
	at(dequeueHead)
	atomic.StoreUint32(&c.shared.ConsTail, c.head)
	at(dequeueDone)
	return int(n)
}

// Len returns how many objects wait.
func (c *Consumer) Len() uint32 {
	if c.broken {
		return 0
	}
	c.tail = atomic.LoadUint32(&c.shared.ProdTail)
	n := c.tail - c.head
	if n > c.capacity {
		c.broken = true
		return 0
	}
	return n
}

// Broken reports whether the producer has claimed an impossible position. The ring gives nothing then.
func (c *Consumer) Broken() bool { return c.broken }
