package secondary

import "ringstack/ring"

// spareMbufs is how many empty mbufs the loop keeps for frames to send, unless max_mbufs is so few
// that the primary would have none left to deliver frames in: the alloc ring has half of them.
const spareMbufs = 64

// mbufs is the loop's stock of empty mbufs: received ones that were read, and what the primary supplies.
type mbufs struct {
	free  *ring.Producer
	alloc *ring.Consumer
	spare []uint64
	back  []uint64 // for the free ring
}

// get returns an empty mbuf, or 0 when there is none.
func (b *mbufs) get() uint64 {
	if len(b.spare) == 0 {
		n := b.alloc.Dequeue(b.spare[:cap(b.spare)/2])
		b.spare = b.spare[:n]
		if n == 0 {
			return 0
		}
	}
	last := len(b.spare) - 1
	addr := b.spare[last]
	b.spare = b.spare[:last]
	return addr
}

// put takes an mbuf that was read.
func (b *mbufs) put(addr uint64) {
	if len(b.spare) < cap(b.spare) {
		b.spare = append(b.spare, addr)
		return
	}
	b.back = append(b.back, addr)
}

// flush returns to the primary what is not needed, and reports whether there was anything.
func (b *mbufs) flush() bool {
	n := b.free.Enqueue(b.back)
	b.back = b.back[:copy(b.back, b.back[n:])]
	return n > 0
}
