package dispatch

import (
	"hash/maphash"
	"time"
)

const (
	fragmentUnit = 8     // bytes in which offsets count
	maxIPLength  = 65535 // of a packet put together again

	// fragmentLife is how long a first fragment is remembered. RFC 791 starts
	// reassembly timers at 15 s, RFC 8200 ends them at 60 s.
	fragmentLife = 30 * time.Second

	fragmentSets = 512
	fragmentWays = 8
)

// fragmentHeader is what IPv4 and IPv6 say about a fragment, in bytes.
type fragmentHeader struct {
	offset int
	more   bool
	id     uint32
	before int // headers in front of the fragment's data
	length int // of the fragment's data
}

// fragment checks h and notes it. h is not that of a whole packet.
func (p *Packet) fragment(h fragmentHeader) Reason {
	switch {
	case h.length == 0, h.more && h.length%fragmentUnit != 0, h.before+h.offset+h.length > maxIPLength:
		return ReasonBadFragment
	case p.Proto == ProtoTCP && h.offset == fragmentUnit:
		// Could overwrite the flags of the first fragment (RFC 1858, 3.2.2).
		return ReasonTinyFragment
	}
	p.Fragment = FragmentLater
	if h.offset == 0 {
		p.Fragment = FragmentFirst
	}
	p.FragID = h.id
	return ReasonNone
}

// fragmentKey names the packet that a fragment is of. IPv6 has no protocol in
// it (RFC 8200, 4.5).
type fragmentKey struct {
	local, remote [16]byte
	id            uint32
	proto         uint8
}

func (p *Packet) fragmentKey() fragmentKey {
	k := fragmentKey{local: p.Flow.Local, remote: p.Flow.Remote, id: p.FragID}
	if p.Version == 4 {
		k.proto = p.Proto
	}
	return k
}

// fragments remembers where first fragments went. It is a fixed cache of sets
// under a secret hash: a full set loses its oldest entry.
type fragments struct {
	seed    maphash.Seed
	sets    [fragmentSets][fragmentWays]fragmentEntry
	evicted uint64 // entries lost before their time
}

type fragmentEntry struct {
	key     fragmentKey
	proc    uint8
	expires time.Duration // 0 in an empty entry
}

func newFragments() *fragments { return &fragments{seed: maphash.MakeSeed()} }

func (c *fragments) set(k fragmentKey) *[fragmentWays]fragmentEntry {
	return &c.sets[maphash.Comparable(c.seed, k)%fragmentSets]
}

func (c *fragments) find(k fragmentKey, now time.Duration) (proc uint8, ok bool) {
	set := c.set(k)
	for i := range set {
		if e := &set[i]; e.expires > now && e.key == k {
			return e.proc, true
		}
	}
	return 0, false
}

func (c *fragments) put(k fragmentKey, proc uint8, now time.Duration) {
	set := c.set(k)
	victim := &set[0]
	for i := range set {
		e := &set[i]
		if e.key == k && e.expires > 0 {
			victim = e
			break
		}
		if e.expires < victim.expires {
			victim = e
		}
	}
	if victim.expires > now && victim.key != k {
		c.evicted++
	}
	*victim = fragmentEntry{key: k, proc: proc, expires: now + fragmentLife}
}

// forget removes the entries that lead to proc.
func (c *fragments) forget(proc uint8) {
	for i := range c.sets {
		for j := range c.sets[i] {
			if e := &c.sets[i][j]; e.proc == proc {
				e.expires = 0
			}
		}
	}
}
