package ring

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"ringstack/shm"
)

// ErrNotRing is returned for an address where there is no rte_ring.
var ErrNotRing = errors.New("not an rte_ring")

// view is what both ends need of a ring, read once.
type view struct {
	shared   *shm.Ring
	slots    unsafe.Pointer
	mask     uint32
	capacity uint32
}

func open(mem *shm.Memory, addr uint64) (view, error) {
	if addr%64 != 0 || !mem.Contains(addr, uint64(unsafe.Sizeof(shm.Ring{}))) {
		return view{}, fmt.Errorf("open ring at %#x: %w", addr, ErrNotRing)
	}
	r := mem.Ring(addr)
	size := r.Size
	v := view{shared: r, slots: unsafe.Add(unsafe.Pointer(r), unsafe.Sizeof(shm.Ring{})), mask: size - 1, capacity: r.Capacity}
	if size == 0 || size&v.mask != 0 || r.Mask != v.mask || v.capacity == 0 || v.capacity > v.mask ||
		!mem.Contains(addr, uint64(unsafe.Sizeof(shm.Ring{}))+8*uint64(size)) {
		return view{}, fmt.Errorf("open ring at %#x: %w", addr, ErrNotRing)
	}
	return v, nil
}

// put copies objs into the slots from index on, get copies them out.
func (v *view) put(index uint32, objs []uint64) {
	first, rest := v.window(index, len(objs))
	n := copy(first, objs)
	copy(rest, objs[n:])
}

func (v *view) get(index uint32, objs []uint64) {
	first, rest := v.window(index, len(objs))
	n := copy(objs, first)
	copy(objs[n:], rest)
}

// window returns the n slots from index on, in two pieces where they wrap around.
func (v *view) window(index uint32, n int) (first, rest []uint64) {
	slots := unsafe.Slice((*uint64)(v.slots), v.mask+1)
	at := int(index & v.mask)
	if at+n <= len(slots) {
		return slots[at : at+n], nil
	}
	return slots[at:], slots[:at+n-len(slots)]
}

// Reset makes the ring at addr, which was made with size slots, an empty one, whatever its header
// has come to say. Nobody uses it meanwhile.
func Reset(mem *shm.Memory, addr uint64, size int) {
	r := mem.Ring(addr)
	r.Size, r.Mask, r.Capacity = uint32(size), uint32(size-1), uint32(size-1)
	for _, index := range []*uint32{&r.ProdHead, &r.ProdTail, &r.ConsHead, &r.ConsTail} {
		atomic.StoreUint32(index, 0)
	}
}
