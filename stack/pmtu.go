package stack

import (
	"encoding/binary"
	"time"

	"ringstack/stack/wheel"
	"ringstack/stack/wire"
)

// pathMTULife is for how long a path MTU counts before a larger one is tried (RFC 1191 section 6.3, RFC 8201 section 5.3).
const pathMTULife = 10 * time.Minute

// plateaus are MTUs in use, for routers that do not say theirs (RFC 1191 section 7.1).
var plateaus = [...]int{32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, wire.MinMTU4}

// pathMTU is what a router said of the way to a destination.
type pathMTU struct {
	addr wire.Addr
	mtu  uint16
	next uint32 // in the hash chain or free list; 0: end
}

// pathMTUs are the destinations whose MTU differs from their port's.
type pathMTUs struct {
	list    []pathMTU // from 1
	buckets []uint32
	free    uint32
	timers  *wheel.Wheel
	n       int
	hand    uint32 // next victim
}

func newPathMTUs(limit int) pathMTUs {
	size := 16
	for size < limit {
		size *= 2
	}
	return pathMTUs{list: make([]pathMTU, 1, limit+1), buckets: make([]uint32, size), timers: wheel.New(time.Second)}
}

func (e *Engine) mtuBucket(a *wire.Addr) *uint32 {
	hash := e.key.Words2(binary.LittleEndian.Uint64(a[:]), binary.LittleEndian.Uint64(a[8:]))
	return &e.mtus.buckets[hash%uint64(len(e.mtus.buckets))]
}

// pathMTU returns the MTU of a path in bytes of IP packet.
func (e *Engine) pathMTU(p *path) int {
	if e.mtus.n == 0 {
		return int(p.MTU)
	}
	for i := *e.mtuBucket(&p.Remote); i != 0; i = e.mtus.list[i].next {
		if m := &e.mtus.list[i]; m.addr == p.Remote {
			return min(int(p.MTU), int(m.mtu))
		}
	}
	return int(p.MTU)
}

// reducePathMTU notes what a router says. A value below the least MTU, or no less than what is known, changes nothing (RFC 8201
// section 4). It returns the MTU that counts now.
func (e *Engine) reducePathMTU(p *path, mtu int) int {
	least := wire.MinMTU6
	if p.Remote.Is4() {
		least = wire.MinMTU4
	}
	mtu = max(mtu, least)
	known := e.pathMTU(p)
	if mtu >= known {
		return known
	}
	m := &e.mtus
	bucket := e.mtuBucket(&p.Remote)
	slot := *bucket
	for slot != 0 && m.list[slot].addr != p.Remote {
		slot = m.list[slot].next
	}
	if slot == 0 {
		slot = e.newPathMTU()
		bucket = e.mtuBucket(&p.Remote)
		m.list[slot] = pathMTU{addr: p.Remote, next: *bucket}
		*bucket = slot
		m.n++
	}
	m.list[slot].mtu = uint16(mtu)
	m.timers.Set(slot, e.now+pathMTULife)
	return mtu
}

func (e *Engine) newPathMTU() uint32 {
	m := &e.mtus
	if slot := m.free; slot != 0 {
		m.free = m.list[slot].next
		return slot
	}
	if len(m.list) < cap(m.list) {
		m.list = append(m.list, pathMTU{})
		return uint32(len(m.list) - 1)
	}
	m.hand = m.hand%uint32(len(m.list)-1) + 1
	slot := m.hand
	e.dropPathMTU(slot)
	m.free = m.list[slot].next
	return slot
}

func (e *Engine) dropPathMTU(slot uint32) {
	m := &e.mtus
	link := e.mtuBucket(&m.list[slot].addr)
	for *link != slot {
		link = &m.list[*link].next
	}
	*link = m.list[slot].next
	m.timers.Cancel(slot)
	m.list[slot] = pathMTU{next: m.free}
	m.free = slot
	m.n--
}

func (e *Engine) expirePathMTUs() {
	if e.mtus.n == 0 {
		return
	}
	for slot, ok := e.mtus.timers.Expire(e.now); ok; slot, ok = e.mtus.timers.Expire(e.now) {
		e.dropPathMTU(slot)
	}
}

// plateau returns the MTU to try after a packet of size bytes was too big for a router that does not say more.
func plateau(size int) int {
	for _, mtu := range plateaus {
		if mtu < size {
			return mtu
		}
	}
	return wire.MinMTU4
}
