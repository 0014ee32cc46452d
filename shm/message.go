package shm

// MessageSize is the size of a message buffer in bytes.
const MessageSize = 10240

// Buffer returns the message buffer at addr, which is known to be one.
func (m *Memory) Buffer(addr uint64) []byte { return m.Bytes(addr, MessageSize) }
