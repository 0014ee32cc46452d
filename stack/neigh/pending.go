package neigh

import "time"

// frame is a waiting frame; its bytes keep their buffer when it is free.
type frame struct {
	data []byte
	next uint16 // of the same neighbour, or free; 0: end
}

// Queue keeps a copy of b until the entry is resolved; then Host.Resolved gets it, or Host.Failed when it is
// given up. It replaces the oldest frame when too many wait for the neighbour (RFC 4861 section 7.2.2).
func (c *Cache) Queue(ref Ref, b []byte, now time.Duration) {
	e := &c.entries[ref.slot]
	switch {
	case len(b) > c.config.FrameSize:
		c.count.TooLong++
		return
	case int(e.queued) >= c.config.PerNeighbour:
		c.count.QueueFull++
		c.freeFrame(c.dequeue(e))
	}
	i := c.takeFrame()
	if i == 0 {
		c.count.QueueFull++
		return
	}
	f := &c.frames[i]
	f.data, f.next = append(f.data[:0], b...), 0
	if e.head == 0 {
		e.head = i
	} else {
		c.frames[e.tail].next = i
	}
	e.tail = i
	e.queued++
	if e.hasMAC() && !c.timers.Armed(flushTimer(ref.slot)) {
		c.flush(ref.slot, now)
	}
}

// takeFrame returns an empty frame, 0 when the pool is used up. The pool grows to its limit as it is needed.
func (c *Cache) takeFrame() uint16 {
	if i := c.freeFrames; i != 0 {
		c.freeFrames = c.frames[i].next
		return i
	}
	if len(c.frames) > c.config.Frames {
		return 0
	}
	c.frames = append(c.frames, frame{data: make([]byte, 0, c.config.FrameSize)})
	return uint16(len(c.frames) - 1)
}

func (c *Cache) freeFrame(i uint16) {
	c.frames[i].next = c.freeFrames
	c.freeFrames = i
}

func (c *Cache) dequeue(e *entry) uint16 {
	i := e.head
	e.head = c.frames[i].next
	e.queued--
	return i
}

// flush sends what waits for a resolved entry, and comes back when the device runs out of buffers.
func (c *Cache) flush(slot uint32, now time.Duration) {
	e := &c.entries[slot]
	for e.head != 0 {
		if !c.host.Resolved(int(e.port), &e.mac, c.frames[e.head].data) {
			c.timers.Set(flushTimer(slot), now+retryAfterNoBuffer)
			return
		}
		c.freeFrame(c.dequeue(e))
	}
}

// dropFrames forgets what waits for an entry.
func (c *Cache) dropFrames(e *entry) {
	for e.head != 0 {
		c.count.Unresolved++
		c.freeFrame(c.dequeue(e))
	}
}

// fail gives up an entry that nobody answered for, and says so of each frame. By then the entry is gone: the Host may open it again.
func (c *Cache) fail(slot uint32, e *entry) {
	addr, port, head := e.addr, int(e.port), e.head
	e.head = 0
	c.count.Failed++
	c.remove(slot)
	for head != 0 {
		i := head
		head = c.frames[i].next
		c.count.Unresolved++
		c.host.Failed(port, addr, c.frames[i].data)
		c.freeFrame(i)
	}
}
