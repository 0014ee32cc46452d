package shm

import "unsafe"

// Memory is shared memory as mapped into this process. Its methods may be called from any goroutine.
type Memory struct {
	base  unsafe.Pointer // where start is mapped
	start uint64         // lowest address, the primary's
	size  uint64         // bytes, gaps between segments included

	room     unsafe.Pointer // what Map has reserved: more, for alignment
	roomSize uintptr        // bytes
}

// NewMemory describes the size bytes from start, which this process has mapped at the same address,
// base. It is for the primary; secondaries call Map.
func NewMemory(base unsafe.Pointer, start, size uint64) *Memory {
	return &Memory{base: base, start: start, size: size}
}

// Contains reports whether the n bytes at addr lie in the memory.
func (m *Memory) Contains(addr, n uint64) bool {
	off := addr - m.start
	return off < m.size && n <= m.size-off
}

// At returns where addr is mapped. addr is known to lie in the memory.
func (m *Memory) At(addr uint64) unsafe.Pointer {
	return unsafe.Add(m.base, addr-m.start)
}

// Bytes returns the n bytes at addr, which are known to lie in the memory.
func (m *Memory) Bytes(addr uint64, n int) []byte {
	return unsafe.Slice((*byte)(m.At(addr)), n)
}
