package cgo

/*
#include <stdlib.h>
#include <rte_memzone.h>
#include <rte_errno.h>

static int memzone_errno(void) { return -rte_errno; }
*/
import "C"

import "unsafe"

// Memzone is DPDK's rte_memzone: named memory.
type Memzone C.struct_rte_memzone

// ReserveMemzone runs rte_memzone_reserve. The name has at most 31 characters; the memory is zeroed
// and aligned to a cache line.
func ReserveMemzone(name string, size uint64, socket int) (*Memzone, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	return memzone("reserve", name, C.rte_memzone_reserve(cname, C.size_t(size), C.int(socket), 0))
}

// LookupMemzone runs rte_memzone_lookup; ENOENT when there is none of that name.
func LookupMemzone(name string) (*Memzone, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	return memzone("look up", name, C.rte_memzone_lookup(cname))
}

func memzone(verb, name string, mz *C.struct_rte_memzone) (*Memzone, error) {
	if mz == nil {
		return nil, check(C.memzone_errno(), "%s memzone %s", verb, name)
	}
	return (*Memzone)(mz), nil
}

// Addr returns where the memory starts.
func (m *Memzone) Addr() uint64 { return *(*uint64)(unsafe.Pointer(&m.anon0)) }

// Len returns its length in bytes.
func (m *Memzone) Len() uint64 { return uint64(m.len) }

// Free runs rte_memzone_free.
func (m *Memzone) Free() error {
	return check(C.rte_memzone_free((*C.struct_rte_memzone)(m)), "free memzone")
}
