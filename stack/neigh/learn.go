package neigh

import (
	"time"

	"ringstack/stack/wire"
)

// Learn takes what a neighbour says of itself in passing: the sender of an ARP request, the source link-layer
// address of an NDP message (RFC 4861 sections 6.3.4 and 7.2.3). Without create it only corrects an entry that is there.
func (c *Cache) Learn(port int, addr *wire.Addr, mac *wire.MAC, create bool, now time.Duration) {
	slot := c.find(port, addr)
	if slot == 0 {
		if create {
			c.learnNew(port, addr, mac)
		}
		return
	}
	e := &c.entries[slot]
	if e.state == Permanent || e.hasMAC() && e.mac == *mac {
		return
	}
	c.stale(slot, e, mac, now)
}

// learnNew makes a Stale entry. It is not marked as used, so that it is the first to go.
func (c *Cache) learnNew(port int, addr *wire.Addr, mac *wire.MAC) {
	_, e := c.create(port, addr)
	e.mac = *mac
	c.setState(e, Stale)
}

// Advert is an answer: an ARP reply, a neighbour advertisement.
type Advert struct {
	MAC       wire.MAC
	HasMAC    bool
	Solicited bool // it answers a solicitation of ours
	Override  bool // it replaces another address
	Router    bool
}

// Advertise takes an answer for addr (RFC 4861 section 7.2.5). One for an address without entry is no news, but with
// create it makes a Stale one: for stacks that share their addresses and hear the answers to each other's questions.
func (c *Cache) Advertise(port int, addr *wire.Addr, a *Advert, create bool, now time.Duration) {
	slot := c.find(port, addr)
	if slot == 0 {
		if create && a.HasMAC {
			c.learnNew(port, addr, &a.MAC)
		}
		return
	}
	e := &c.entries[slot]
	if e.state == Permanent {
		return
	}
	if !e.hasMAC() && !a.HasMAC {
		return
	}
	differs := a.HasMAC && (!e.hasMAC() || e.mac != a.MAC)
	if e.hasMAC() && differs && !a.Override {
		if e.state == Reachable {
			c.setState(e, Stale)
		}
		return
	}
	e.router = a.Router
	switch {
	case a.Solicited:
		if differs {
			e.mac = a.MAC
		}
		c.reachable(slot, e, now)
	case differs:
		c.stale(slot, e, &a.MAC, now)
	}
}

// Awaits reports whether an answer for addr is expected now. ARP replies do not say whether they were asked for.
func (c *Cache) Awaits(port int, addr *wire.Addr) bool {
	e := &c.entries[c.find(port, addr)]
	return e.state == Incomplete || e.state == Probe
}

// reachable notes that the neighbour answered.
func (c *Cache) reachable(slot uint32, e *entry, now time.Duration) {
	if e.state == Incomplete {
		c.count.Resolved++
	}
	c.setState(e, Reachable)
	e.until, e.probes = now+c.reachableTime(), 0
	c.timers.Cancel(stateTimer(slot))
	c.flush(slot, now)
}

// stale notes another address without knowing whether it works.
func (c *Cache) stale(slot uint32, e *entry, mac *wire.MAC, now time.Duration) {
	if e.state == Incomplete {
		c.count.Resolved++
	}
	e.mac, e.probes = *mac, 0
	c.setState(e, Stale)
	c.timers.Cancel(stateTimer(slot))
	if e.head != 0 {
		c.MAC(Ref{slot, e.gen}, now) // sending is use
		c.flush(slot, now)
	}
}

// reachableTime is between half and one and a half of the mean, so that neighbours do not probe in step
// (RFC 4861 section 6.3.2).
func (c *Cache) reachableTime() time.Duration {
	c.draws++
	mean := uint64(c.config.Reachable)
	return time.Duration(mean/2 + c.key.Words2(c.draws, ^uint64(0))%mean)
}
