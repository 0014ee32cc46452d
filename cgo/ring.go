package cgo

/*
#include <stdlib.h>
#include <rte_ring.h>
#include <rte_errno.h>

static int ring_errno(void) { return -rte_errno; }

static unsigned ring_enqueue(struct rte_ring *r, uint64_t *objs, unsigned n) {
	return rte_ring_enqueue_burst(r, (void *const *)objs, n, NULL);
}
static unsigned ring_dequeue(struct rte_ring *r, uint64_t *objs, unsigned n) {
	return rte_ring_dequeue_burst(r, (void **)objs, n, NULL);
}
*/
import "C"

import "unsafe"

// Ring is DPDK's rte_ring.
type Ring C.struct_rte_ring

// CreateRing runs rte_ring_create for one producer and one consumer. size is a power of two; the
// ring holds size-1 objects. The name has at most 28 characters.
func CreateRing(name string, size, socket int) (*Ring, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	return ring("create", name,
		C.rte_ring_create(cname, C.uint(size), C.int(socket), C.RING_F_SP_ENQ|C.RING_F_SC_DEQ))
}

// LookupRing runs rte_ring_lookup; ENOENT when there is none of that name.
func LookupRing(name string) (*Ring, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	return ring("look up", name, C.rte_ring_lookup(cname))
}

func ring(verb, name string, r *C.struct_rte_ring) (*Ring, error) {
	if r == nil {
		return nil, check(C.ring_errno(), "%s ring %s", verb, name)
	}
	return (*Ring)(r), nil
}

func (r *Ring) c() *C.struct_rte_ring { return (*C.struct_rte_ring)(r) }

// Addr returns the address of the ring, for package ring.
func (r *Ring) Addr() uint64 { return uint64(uintptr(unsafe.Pointer(r))) }

// Count runs rte_ring_count.
func (r *Ring) Count() int { return int(C.rte_ring_count(r.c())) }

// Enqueue runs rte_ring_enqueue_burst and returns how many it took.
func (r *Ring) Enqueue(objs []uint64) int {
	if len(objs) == 0 {
		return 0
	}
	return int(C.ring_enqueue(r.c(), (*C.uint64_t)(unsafe.Pointer(&objs[0])), C.uint(len(objs))))
}

// Dequeue runs rte_ring_dequeue_burst and returns how many it gave.
func (r *Ring) Dequeue(objs []uint64) int {
	if len(objs) == 0 {
		return 0
	}
	return int(C.ring_dequeue(r.c(), (*C.uint64_t)(unsafe.Pointer(&objs[0])), C.uint(len(objs))))
}

// Free runs rte_ring_free.
func (r *Ring) Free() { C.rte_ring_free(r.c()) }
