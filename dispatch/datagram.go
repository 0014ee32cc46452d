package dispatch

import (
	"hash/maphash"
	"time"
)

const (
	// fragmentLife is how long a datagram may take from its first-arriving
	// fragment on. RFC 791 starts reassembly timers at 15 s, RFC 8200 ends them
	// at 60 s.
	fragmentLife = 30 * time.Second

	fragmentSets = 512
	fragmentWays = 8
)

// States of a datagram.
const (
	datagramNew      = iota
	datagramWaiting  // its first fragment has not come: the others wait for it
	datagramDirected // they go to proc
	datagramLost     // the first one is lost: the others are not wanted
)

// datagram is a packet that comes in fragments.
type datagram struct {
	key     fragmentKey
	expires time.Duration // 0: there is none
	state   uint8
	proc    uint8
	seen    coverage
	held    frameQueue

	older, newer *datagram // among those that wait
}

// fragments is the memory of datagrams under way: a fixed cache of sets under a
// secret hash. A full set loses its oldest entry.
type fragments struct {
	seed    maphash.Seed
	sets    [fragmentSets][fragmentWays]datagram
	evicted uint64 // datagrams forgotten before their time

	waiting   waitingList
	frames    framePool
	asked     *datagram // for which the caller was told to hold a frame
	released  []uint64
	abandoned []Abandoned
}

func newFragments(maxHeld int) *fragments {
	return &fragments{
		seed:      maphash.MakeSeed(),
		frames:    newFramePool(maxHeld),
		released:  make([]uint64, 0, maxHeldOfOne),
		abandoned: make([]Abandoned, 0, 2*maxHeld),
	}
}

// open returns the datagram named k, a new one if there is none.
func (f *fragments) open(k fragmentKey, now time.Duration) *datagram {
	set := &f.sets[maphash.Comparable(f.seed, k)%fragmentSets]
	victim := &set[0]
	for i := range set {
		d := &set[i]
		if d.expires > now && d.key == k {
			return d
		}
		if d.expires < victim.expires {
			victim = d
		}
	}
	if victim.expires > now {
		f.evicted++
		f.abandon(victim, ReasonFragEvicted)
	} else {
		f.abandon(victim, ReasonFragTimeout)
	}
	*victim = datagram{key: k, expires: now + fragmentLife}
	return victim
}

// direct takes the first fragment of d, which is to go by verdict v. If one has
// come before, it is a duplicate or the sender uses its identification again.
func (f *fragments) direct(d *datagram, p *Packet, v Verdict, now time.Duration) Verdict {
	if v.Action != Deliver {
		f.lose(d, v.Reason)
		return v
	}
	if d.state == datagramDirected {
		d.expires = now + fragmentLife
		if d.proc != v.Proc {
			d.seen = coverage{}
		}
	}
	if d.state == datagramWaiting {
		f.release(d)
		v.Action = Release
	}
	d.state, d.proc = datagramDirected, v.Proc
	d.see(p)
	return v
}

// follow takes a later fragment of d.
func (f *fragments) follow(d *datagram, p *Packet) Verdict {
	switch d.state {
	case datagramDirected:
		proc := d.proc
		d.see(p)
		return deliver(proc)
	case datagramLost:
		return drop(ReasonFragLost)
	}
	return f.wait(d, p)
}

// see notes that a fragment has come, and forgets the datagram with the last of
// them: its identification may be used again at once.
func (d *datagram) see(p *Packet) {
	if d.seen.add(p); d.seen.complete() {
		*d = datagram{}
	}
}

// lose gives d up: what is held of it comes back, and what is still to come is
// dropped.
func (f *fragments) lose(d *datagram, why Reason) {
	f.abandon(d, why)
	d.state, d.seen = datagramLost, coverage{}
}

// forget gives up what is on its way to proc.
func (f *fragments) forget(proc uint8) {
	for i := range f.sets {
		for j := range f.sets[i] {
			if d := &f.sets[i][j]; d.state == datagramDirected && d.proc == proc {
				f.lose(d, ReasonFragLost)
			}
		}
	}
}

// underWay returns the number of datagrams.
func (f *fragments) underWay(now time.Duration) (n int) {
	for i := range f.sets {
		for j := range f.sets[i] {
			if f.sets[i][j].expires > now {
				n++
			}
		}
	}
	return n
}
