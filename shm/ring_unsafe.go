package shm

import "structs"

// Ring is struct rte_ring of DPDK 22.11; its Size slots of 8 bytes follow it. Package ring has the operations.
type Ring struct {
	_        structs.HostLayout
	Name     [32]byte
	Flags    int32
	_        uint32
	Memzone  uint64
	Size     uint32 // slots, a power of two
	Mask     uint32 // Size - 1
	Capacity uint32 // objects that fit
	_        [68]byte
	ProdHead uint32
	ProdTail uint32
	_        [120]byte
	ConsHead uint32
	ConsTail uint32
	_        [120]byte
}

// Ring returns the ring at addr, which is known to be one.
func (m *Memory) Ring(addr uint64) *Ring { return (*Ring)(m.At(addr)) }
