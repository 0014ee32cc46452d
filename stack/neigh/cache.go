package neigh

import (
	"time"

	"ringstack/stack/siphash"
	"ringstack/stack/wheel"
	"ringstack/stack/wire"
)

// Cache holds the neighbours of all ports of a stack.
type Cache struct {
	host       Host
	config     Config
	key        siphash.Key
	buckets    []uint32
	entries    []entry // from 1
	free       uint32
	hand       uint32 // of the clock that chooses victims
	n          int
	incomplete int
	static     int
	doubtful   int     // in Delay or Probe
	frames     []frame // from 1
	freeFrames uint16
	timers     *wheel.Wheel
	draws      uint64 // random numbers used
	count      Counters
}

// New returns an empty cache.
func New(config Config, host Host) *Cache {
	config.defaults()
	c := &Cache{
		host:    host,
		config:  config,
		key:     config.Key,
		buckets: make([]uint32, tableSize(config.Entries)),
		entries: make([]entry, config.Entries+1),
		frames:  make([]frame, 1),
		timers:  wheel.New(timerResolution),
	}
	for slot := config.Entries; slot > 0; slot-- {
		c.entries[slot].next = c.free
		c.free = uint32(slot)
	}
	return c
}

// Len returns how many entries there are.
func (c *Cache) Len() int { return c.n }

// Counters returns the counters as they are.
func (c *Cache) Counters() Counters { return c.count }

// SetTimes changes the mean reachable time and the time between solicitations, as a router advertises
// (RFC 4861 section 6.3.4). Zero leaves one as it is. It is for entries confirmed from now on.
func (c *Cache) SetTimes(reachable, retransmit time.Duration) {
	if reachable > 0 {
		c.config.Reachable = reachable
	}
	if retransmit > 0 {
		c.config.Retransmit = retransmit
	}
}

// Open returns the entry of an address; it makes one and asks for it when there is none.
func (c *Cache) Open(port int, addr *wire.Addr, now time.Duration) Ref {
	slot := c.find(port, addr)
	if slot == 0 {
		var e *entry
		slot, e = c.create(port, addr)
		e.used = true
		c.setState(e, Incomplete)
		c.solicit(slot, e, now)
	}
	return Ref{slot, c.entries[slot].gen}
}

// Valid reports whether ref still names the entry of an address.
func (c *Cache) Valid(ref Ref, port int, addr *wire.Addr) bool {
	e := &c.entries[ref.slot]
	return ref.slot != 0 && e.gen == ref.gen && e.is(port, addr)
}

// Alive reports whether ref still names the entry that it was made for.
func (c *Cache) Alive(ref Ref) bool {
	return ref.slot != 0 && c.entries[ref.slot].gen == ref.gen
}

// MAC returns the address to send to now, and counts as use of the entry; false while it is not known. ref is alive.
func (c *Cache) MAC(ref Ref, now time.Duration) (mac *wire.MAC, ok bool) {
	e := &c.entries[ref.slot]
	e.used = true
	switch {
	case e.state == Reachable && now < e.until, e.state > Stale:
	case e.state == Incomplete:
		return nil, false
	default:
		c.setState(e, Delay)
		c.timers.Set(stateTimer(ref.slot), now+delayFirstProbe)
	}
	return &e.mac, true
}

// Doubtful returns how many neighbours are in use and about to be asked whether they are still there.
func (c *Cache) Doubtful() int { return c.doubtful }

// Confirm says that a transport protocol knows the neighbour to receive what is sent to it (RFC 4861 section 7.3.1). It is for a
// neighbour that is in doubt: one that is Reachable stays so for its time.
func (c *Cache) Confirm(ref Ref, now time.Duration) {
	e := &c.entries[ref.slot]
	if e.gen == ref.gen && e.state >= Stale && e.state != Permanent {
		c.reachable(ref.slot, e, now)
	}
}

// Set makes a static entry. It returns false when half of the cache is static already.
func (c *Cache) Set(port int, addr *wire.Addr, mac *wire.MAC, now time.Duration) bool {
	slot := c.find(port, addr)
	if slot == 0 || c.entries[slot].state != Permanent {
		if c.static >= c.config.Entries/2 {
			return false
		}
	}
	if slot == 0 {
		slot, _ = c.create(port, addr)
	}
	e := &c.entries[slot]
	e.mac = *mac
	c.setState(e, Permanent)
	c.timers.Cancel(stateTimer(slot))
	c.flush(slot, now)
	return true
}

// Delete removes the entry of an address and reports whether there was one.
func (c *Cache) Delete(port int, addr *wire.Addr) bool {
	slot := c.find(port, addr)
	if slot != 0 {
		c.remove(slot)
	}
	return slot != 0
}

// All calls yield for every entry until it returns false. yield does not change the cache.
func (c *Cache) All(yield func(Entry) bool) {
	for i := range c.entries {
		e := &c.entries[i]
		if e.state == None {
			continue
		}
		if !yield(Entry{int(e.port), e.addr, e.mac, e.state, e.router, e.until, int(e.queued)}) {
			return
		}
	}
}
