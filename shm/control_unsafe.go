package shm

import (
	"fmt"
	"structs"
	"sync/atomic"
	"unsafe"
)

// The control block's identity. ControlVersion changes with every change of its structs.
const (
	ControlMagic   = 0x6b63617473676e72 // "rngstack"
	ControlVersion = 1
	ControlName    = "ff_control" // its memzone
)

// NoLeader is Header.Leader when no secondary is live.
const NoLeader = -1

// Header starts the control block; the slots follow it. All of it is written by the primary alone.
type Header struct {
	_        structs.HostLayout
	Magic    uint64
	Version  uint32
	MaxProcs uint32
	Epoch    uint64 // differs between any two lives of a primary
	Leader   int32  // atomic: proc id that answers ARP and neighbour discovery, or NoLeader
	_        [36]byte
	Sleep    uint32 // atomic: the primary's sleep sequence, see package ring
	_        [60]byte
}

// Slot is a secondary's part of the control block. All of it is written by that secondary alone.
type Slot struct {
	_         structs.HostLayout
	Sleep     uint32 // atomic: its sleep sequence, see package ring
	_         [60]byte
	Loops     uint64 // atomic, as the rest: turns of its loop, which is its heartbeat
	SysNS     uint64 // time in the stack
	UsrNS     uint64 // CPU time of the application
	TxDropped uint64 // frames that the stack has given up sending
	TxNoMbuf  uint64 // times that a frame had to wait since no mbuf was free
	TxFull    uint64 // times that a frame had to wait since the tx ring was full
	NotLeader uint64 // answers to ARP and neighbour discovery left to the leader
	_         [8]byte
}

// ControlSize is the size of the control block in bytes.
func ControlSize(maxProcs int) uint64 {
	return uint64(unsafe.Sizeof(Header{})) + uint64(maxProcs)*uint64(unsafe.Sizeof(Slot{}))
}

// InitControl fills the header of the zeroed control block at addr.
func (m *Memory) InitControl(addr uint64, maxProcs int, epoch uint64) *Header {
	h := (*Header)(m.At(addr))
	h.Magic, h.Version, h.MaxProcs, h.Epoch = ControlMagic, ControlVersion, uint32(maxProcs), epoch
	atomic.StoreInt32(&h.Leader, NoLeader)
	return h
}

// Control returns the header at addr after checking magic, version and epoch.
func (m *Memory) Control(addr, epoch uint64) (*Header, error) {
	if !m.Contains(addr, uint64(unsafe.Sizeof(Header{}))) {
		return nil, fmt.Errorf("%w: control block at %#x is outside the memory", ErrLayout, addr)
	}
	h := (*Header)(m.At(addr))
	if h.Magic != ControlMagic || h.Version != ControlVersion || h.Epoch != epoch {
		return nil, fmt.Errorf("%w: control block has magic %#x, version %d, epoch %#x; want %#x, %d, %#x",
			ErrLayout, h.Magic, h.Version, h.Epoch, uint64(ControlMagic), ControlVersion, epoch)
	}
	return h, nil
}

// Slot returns the slot of secondary proc, which is below the header's MaxProcs. addr is the header's.
func (m *Memory) Slot(addr uint64, proc int) *Slot {
	off := uint64(unsafe.Sizeof(Header{})) + uint64(proc)*uint64(unsafe.Sizeof(Slot{}))
	return (*Slot)(m.At(addr + off))
}

// Reset zeroes a slot between two secondaries.
func (s *Slot) Reset() { *s = Slot{} }
