package msg

// MaxMessage is the size of a message buffer in bytes, header included (F-Stack's MAX_MSG_BUF_SIZE).
const MaxMessage = 10240

// Ring is one direction of a pair of message rings. It carries addresses of message buffers; the
// loop that owns this end calls it.
type Ring interface {
	// Enqueue reports false when the ring is full.
	Enqueue(addr uint64) bool
	// Dequeue reports false when the ring is empty.
	Dequeue() (addr uint64, ok bool)
}

// Buffers gives access to the message buffers in shared memory.
type Buffers interface {
	// Buffer returns the MaxMessage bytes at addr, which the caller knows to be a buffer.
	Buffer(addr uint64) []byte
}
