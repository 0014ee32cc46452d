package ring

// step is a place in Enqueue or Dequeue where a process can be killed.
type step int

// The steps of one operation, in order.
const (
	enqueueBegun step = iota
	enqueuePut        // objects are in the slots
	enqueueHead       // ProdHead is ahead of ProdTail
	enqueueDone       // the consumer sees them
	dequeueBegun      // objects wait
	dequeueGot        // they are copied
	dequeueHead       // ConsHead is ahead of ConsTail
	dequeueDone       // the producer sees the room
)
