package primary

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"ringstack/cgo"
	"ringstack/shm"
)

// errPoolShape is returned for a pool whose objects do not lie as owners needs them to.
var errPoolShape = errors.New("mbufs lie irregularly in memory")

// Within a page the mbufs that start there follow one another at equal distances; across pages they
// need not. Pages are 2 MB at least, or without hugepages 4 KB.
var pageBits = []uint{21, 12}

// nobody owns an mbuf that is free or in the NIC's hands.
const nobody = 0

// owners is the ownership table: for every mbuf, which secondary holds it, or the primary itself, which then counts as one more. Only the
// poll loop uses it.
type owners struct {
	start    uint64 // of the first page
	bits     uint   // log2 of the granules' size
	stride   uint64
	granules []granule
	owner    []uint8 // by mbuf index: nobody, or proc id + 1
	held     []int   // by owner
	bufLen   uint16
}

// granule describes the mbufs that start in one page.
type granule struct {
	first uint64 // address of its first mbuf
	iova  uint64 // IOVA = address + iova, with wrap-around
	pool  uint64 // address of their mempool
	base  uint32 // index of the first mbuf
	n     uint32
}

type object struct{ addr, iova, pool uint64 }

// newOwners makes the table for all mbufs of the pools; none is held.
func newOwners(pools []*cgo.Mempool, maxProcs, bufLen int) (*owners, error) {
	var objects []object
	for _, pool := range pools {
		addrs, iovas := pool.Objects()
		for i, addr := range addrs {
			objects = append(objects, object{addr, iovas[i], pool.Addr()})
		}
	}
	slices.SortFunc(objects, func(a, b object) int {
		if a.addr < b.addr {
			return -1
		}
		return 1
	})
	return layOutPages(objects, maxProcs, bufLen)
}

// layOutPages makes the table for the sorted objects with the largest pages that they fit.
func layOutPages(objects []object, maxProcs, bufLen int) (*owners, error) {
	var failed error
	for _, bits := range pageBits {
		o, err := layOut(objects, maxProcs, bufLen, bits)
		if err == nil {
			return o, nil
		}
		failed = err
	}
	return nil, failed
}

// layOut builds the granules from the sorted objects and checks that each is found again.
func layOut(objects []object, maxProcs, bufLen int, bits uint) (*owners, error) {
	if len(objects) == 0 {
		return nil, fmt.Errorf("%w: there are none", errPoolShape)
	}
	o := &owners{
		start:  objects[0].addr &^ (1<<bits - 1),
		bits:   bits,
		stride: leastDistance(objects),
		owner:  make([]uint8, len(objects)),
		held:   make([]int, maxProcs+2),
		bufLen: uint16(bufLen),
	}
	span := objects[len(objects)-1].addr - o.start
	o.granules = make([]granule, span>>o.bits+1)
	for i, obj := range objects {
		g := &o.granules[(obj.addr-o.start)>>o.bits]
		if g.n == 0 {
			*g = granule{first: obj.addr, iova: obj.iova - obj.addr, pool: obj.pool, base: uint32(i)}
		}
		g.n++
	}
	for i, obj := range objects {
		index, g := o.find(obj.addr)
		if g == nil || index != uint32(i) || obj.addr+g.iova != obj.iova || g.pool != obj.pool {
			return nil, fmt.Errorf("%w: number %d at %#x", errPoolShape, i, obj.addr)
		}
	}
	return o, nil
}

// leastDistance returns the distance of the two objects that lie closest together.
func leastDistance(objects []object) uint64 {
	least := uint64(math.MaxUint64)
	for i := 1; i < len(objects); i++ {
		least = min(least, objects[i].addr-objects[i-1].addr)
	}
	return least
}

// find returns the index of the mbuf at addr and its granule, or nil when no mbuf starts there.
// It reads no shared memory.
func (o *owners) find(addr uint64) (uint32, *granule) {
	at := (addr - o.start) >> o.bits
	if at >= uint64(len(o.granules)) {
		return 0, nil
	}
	g := &o.granules[at]
	off := addr - g.first
	q := off / o.stride
	if q >= uint64(g.n) || q*o.stride != off {
		return 0, nil
	}
	return g.base + uint32(q), g
}

// primary is the id under which the primary holds mbufs.
func (o *owners) primary() int { return len(o.held) - 2 }

// give hands the mbuf at addr, which nobody holds, to a holder.
func (o *owners) give(addr uint64, proc int) {
	index, _ := o.find(addr)
	o.owner[index] = uint8(proc + 1)
	o.held[proc+1]++
}

// take ends a secondary's hold of the mbuf at addr. It fails, and changes nothing, when addr is not
// an mbuf that the secondary holds.
func (o *owners) take(addr uint64, proc int) (*granule, violation) {
	index, g := o.find(addr)
	if g == nil {
		return nil, violationNotMbuf
	}
	if o.owner[index] != uint8(proc+1) {
		return nil, violationNotOwner
	}
	o.owner[index] = nobody
	o.held[proc+1]--
	return g, violationNone
}

// holds returns how many mbufs a secondary holds.
func (o *owners) holds(proc int) int { return o.held[proc+1] }

// reclaim takes all that a secondary holds and calls free for each.
func (o *owners) reclaim(proc int, free func(addr uint64, g *granule)) {
	for i := range o.granules {
		g := &o.granules[i]
		for k := range g.n {
			if o.owner[g.base+k] == uint8(proc+1) {
				o.owner[g.base+k] = nobody
				free(g.first+uint64(k)*o.stride, g)
			}
		}
	}
	o.held[proc+1] = 0
}

// renew writes every field of the mbuf's header that DPDK will read, for a frame of n bytes at off.
func (o *owners) renew(mem *shm.Memory, addr uint64, g *granule, port, off, n uint16) {
	m := mem.Mbuf(addr)
	m.BufAddr = addr + shm.MbufSize
	m.BufIOVA = addr + shm.MbufSize + g.iova
	m.DataOff, m.Refcnt, m.NbSegs, m.Port = off, 1, 1, port
	m.OlFlags = 0
	m.PktLen, m.DataLen = uint32(n), n
	m.BufLen = o.bufLen
	m.Pool = g.pool
	m.Next = 0
	m.TxOffload = 0
	m.PrivSize = 0
}

// heldOf returns how many mbufs of a pool are held.
func (o *owners) heldOf(pool uint64) (n int) {
	for i := range o.granules {
		g := &o.granules[i]
		if g.pool != pool {
			continue
		}
		for _, owner := range o.owner[g.base : g.base+g.n] {
			if owner != nobody {
				n++
			}
		}
	}
	return n
}
