package msg

// MaxMessage is the size of a message buffer in bytes, header included (F-Stack's MAX_MSG_BUF_SIZE).
const MaxMessage = 10240

// burst is how many messages one Poll handles, so that a long reply, or a peer that answers at once
// without end, does not keep a loop from its packets.
const burst = 8

// Sender is the sending end of a message ring. It carries addresses of message buffers and has a
// place for each of them; the loop that owns the end calls it.
type Sender interface {
	// Enqueue reports false when the ring is full.
	Enqueue(addr uint64) bool
}

// Receiver is the receiving end of a message ring.
type Receiver interface {
	// Dequeue reports false when the ring is empty.
	Dequeue() (addr uint64, ok bool)
}

// Buffers gives access to the message buffers in shared memory.
type Buffers interface {
	// Buffer returns the MaxMessage bytes at addr, which the caller knows to be a buffer.
	Buffer(addr uint64) []byte
}
