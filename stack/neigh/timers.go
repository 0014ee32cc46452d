package neigh

import "time"

// Poll runs due timers and returns when the next is due at the latest; ok false: no timer runs.
func (c *Cache) Poll(now time.Duration) (next time.Duration, ok bool) {
	if c.timers.Len() == 0 {
		return 0, false
	}
	for {
		id, due := c.timers.Expire(now)
		if !due {
			return c.timers.Next()
		}
		if slot := id / 2; id == flushTimer(slot) {
			c.flush(slot, now)
		} else {
			c.expire(slot, now)
		}
	}
}

// expire is the end of a wait in Incomplete, Delay or Probe.
func (c *Cache) expire(slot uint32, now time.Duration) {
	e := &c.entries[slot]
	switch {
	case e.state == Delay:
		c.setState(e, Probe)
		c.solicit(slot, e, now)
	case e.probes < maxSolicit:
		c.solicit(slot, e, now)
	default:
		c.fail(slot, e)
	}
}

// solicit asks all stations for an unknown address, or the neighbour whether it is still there.
func (c *Cache) solicit(slot uint32, e *entry, now time.Duration) {
	e.probes++
	c.count.Solicited++
	c.timers.Set(stateTimer(slot), now+c.config.Retransmit)
	if e.state == Probe {
		c.host.Solicit(int(e.port), &e.addr, &e.mac)
		return
	}
	c.host.Solicit(int(e.port), &e.addr, nil)
}
