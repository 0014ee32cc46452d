package neigh

import (
	"encoding/binary"
	"math/bits"

	"ringstack/stack/wire"
)

// bucket returns the hash chain of an address.
func (c *Cache) bucket(port int, addr *wire.Addr) *uint32 {
	h := c.key.Words2(binary.LittleEndian.Uint64(addr[:])^uint64(port), binary.LittleEndian.Uint64(addr[8:]))
	return &c.buckets[h&uint64(len(c.buckets)-1)]
}

// find returns the slot of an address, 0 when it has none.
func (c *Cache) find(port int, addr *wire.Addr) uint32 {
	slot := *c.bucket(port, addr)
	for slot != 0 && !c.entries[slot].is(port, addr) {
		slot = c.entries[slot].next
	}
	return slot
}

// create makes an entry for an address that has none.
func (c *Cache) create(port int, addr *wire.Addr) (uint32, *entry) {
	slot := c.free
	if slot == 0 {
		slot = c.victim()
		c.count.Evicted++
		c.remove(slot)
	}
	e := &c.entries[slot]
	c.free = e.next
	bucket := c.bucket(port, addr)
	*e = entry{addr: *addr, port: uint16(port), gen: e.gen + 1, next: *bucket}
	*bucket = slot
	c.n++
	return slot, e
}

// victim chooses an entry to give up: the clock hand spares entries used since it last passed, static ones always.
// When unanswered questions fill half of the cache, as under a scan, it takes one of them.
func (c *Cache) victim() uint32 {
	onlyIncomplete := c.incomplete > len(c.entries)/2
	for range 2 * len(c.entries) {
		c.hand++
		if int(c.hand) >= len(c.entries) {
			c.hand = 1
		}
		e := &c.entries[c.hand]
		switch {
		case e.state == Permanent || onlyIncomplete && e.state != Incomplete:
		case e.used && !onlyIncomplete:
			e.used = false
		default:
			return c.hand
		}
	}
	return c.hand // not reached: static entries never fill the cache
}

// remove frees a slot. What waits for it is dropped: an entry that only made room for others is no news of its address.
func (c *Cache) remove(slot uint32) {
	e := &c.entries[slot]
	c.setState(e, None)
	c.timers.Cancel(stateTimer(slot))
	c.timers.Cancel(flushTimer(slot))
	link := c.bucket(int(e.port), &e.addr)
	for *link != slot {
		link = &c.entries[*link].next
	}
	*link = e.next
	c.dropFrames(e)
	*e = entry{gen: e.gen + 1, next: c.free}
	c.free = slot
	c.n--
}

func (c *Cache) setState(e *entry, s State) {
	c.tally(e.state, -1)
	c.tally(s, 1)
	e.state = s
}

// tally counts the entries of the states of which somebody wants to know how many there are.
func (c *Cache) tally(s State, by int) {
	switch s {
	case Incomplete:
		c.incomplete += by
	case Delay, Probe:
		c.doubtful += by
	case Permanent:
		c.static += by
	}
}

// Timers of a slot in the wheel.
func stateTimer(slot uint32) uint32 { return 2 * slot }
func flushTimer(slot uint32) uint32 { return 2*slot + 1 }

// tableSize is a power of two of at least n.
func tableSize(n int) int { return 1 << bits.Len(uint(n-1)) }
