package cgo

/*
#include <stdlib.h>
#include <rte_mempool.h>
#include <rte_mbuf.h>
#include <rte_errno.h>

static int mempool_errno(void) { return -rte_errno; }

struct objects { uint64_t *addr; uint64_t *iova; unsigned n; };

static void collect(struct rte_mempool *mp, void *opaque, void *obj, unsigned idx) {
	struct objects *o = opaque;
	if (idx < o->n) {
		o->addr[idx] = (uintptr_t)obj;
		o->iova[idx] = rte_mempool_virt2iova(obj);
	}
	(void)mp;
}

static unsigned objects(struct rte_mempool *mp, uint64_t *addr, uint64_t *iova, unsigned n) {
	struct objects o = { addr, iova, n };
	return rte_mempool_obj_iter(mp, collect, &o);
}

static int alloc_bulk(struct rte_mempool *mp, uint64_t *m, unsigned n) {
	return rte_pktmbuf_alloc_bulk(mp, (struct rte_mbuf **)m, n);
}
static void free_bulk(uint64_t *m, unsigned n) {
	rte_pktmbuf_free_bulk((struct rte_mbuf **)m, n);
}
static int get_bulk(struct rte_mempool *mp, uint64_t *obj, unsigned n) {
	return rte_mempool_get_bulk(mp, (void **)obj, n);
}
*/
import "C"

import "unsafe"

// Mempool is DPDK's rte_mempool.
type Mempool C.struct_rte_mempool

// CreateMbufPool runs rte_pktmbuf_pool_create: n mbufs with dataRoom bytes each, headroom included.
// The name has at most 25 characters.
func CreateMbufPool(name string, n, cache, dataRoom, socket int) (*Mempool, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	return mempool("create", name,
		C.rte_pktmbuf_pool_create(cname, C.uint(n), C.uint(cache), 0, C.uint16_t(dataRoom), C.int(socket)))
}

// CreateMempool runs rte_mempool_create for n objects of size bytes, for one user at a time.
func CreateMempool(name string, n, size, socket int) (*Mempool, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	const flags = C.RTE_MEMPOOL_F_SP_PUT | C.RTE_MEMPOOL_F_SC_GET
	return mempool("create", name,
		C.rte_mempool_create(cname, C.uint(n), C.uint(size), 0, 0, nil, nil, nil, nil, C.int(socket), flags))
}

// LookupMempool runs rte_mempool_lookup; ENOENT when there is none of that name.
func LookupMempool(name string) (*Mempool, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	return mempool("look up", name, C.rte_mempool_lookup(cname))
}

func mempool(verb, name string, mp *C.struct_rte_mempool) (*Mempool, error) {
	if mp == nil {
		return nil, check(C.mempool_errno(), "%s mempool %s", verb, name)
	}
	return (*Mempool)(mp), nil
}

func (p *Mempool) c() *C.struct_rte_mempool { return (*C.struct_rte_mempool)(p) }

// Addr returns the address of the mempool itself, which its mbufs carry.
func (p *Mempool) Addr() uint64 { return uint64(uintptr(unsafe.Pointer(p))) }

// Name returns the pool's name.
func (p *Mempool) Name() string { return C.GoString(&p.name[0]) }

// Size returns how many objects the pool has.
func (p *Mempool) Size() int { return int(p.size) }

// Available runs rte_mempool_avail_count: the free objects, those in caches included.
func (p *Mempool) Available() int { return int(C.rte_mempool_avail_count(p.c())) }

// Objects returns the address and IOVA of every object (rte_mempool_obj_iter).
func (p *Mempool) Objects() (addrs []uint64, iovas []uint64) {
	addrs, iovas = make([]uint64, p.Size()), make([]uint64, p.Size())
	n := C.objects(p.c(), (*C.uint64_t)(unsafe.Pointer(&addrs[0])), (*C.uint64_t)(unsafe.Pointer(&iovas[0])), C.uint(p.Size()))
	return addrs[:n], iovas[:n]
}

// AllocMbufs runs rte_pktmbuf_alloc_bulk: all of m or, when it reports false, none.
func (p *Mempool) AllocMbufs(m []uint64) bool {
	return len(m) == 0 || C.alloc_bulk(p.c(), (*C.uint64_t)(unsafe.Pointer(&m[0])), C.uint(len(m))) == 0
}

// Get runs rte_mempool_get_bulk: all of objs or, when it reports false, none.
func (p *Mempool) Get(objs []uint64) bool {
	return len(objs) == 0 || C.get_bulk(p.c(), (*C.uint64_t)(unsafe.Pointer(&objs[0])), C.uint(len(objs))) == 0
}

// Free runs rte_mempool_free.
func (p *Mempool) Free() { C.rte_mempool_free(p.c()) }

// FreeMbufs runs rte_pktmbuf_free_bulk; the mbufs may be of different pools.
func FreeMbufs(m []uint64) {
	if len(m) > 0 {
		C.free_bulk((*C.uint64_t)(unsafe.Pointer(&m[0])), C.uint(len(m)))
	}
}
