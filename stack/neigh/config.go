package neigh

import (
	"time"

	"ringstack/stack/siphash"
	"ringstack/stack/wire"
)

// Protocol constants (RFC 4861 section 10).
const (
	delayFirstProbe     = 5 * time.Second
	maxSolicit          = 3 // multicast, and again unicast
	defaultReachable    = 30 * time.Second
	defaultRetransmit   = time.Second
	retryAfterNoBuffer  = time.Millisecond
	timerResolution     = time.Millisecond
	defaultEntries      = 1024
	defaultFrames       = 256
	defaultPerNeighbour = 64
	defaultFrameSize    = 1518
	maxFrames           = 1<<16 - 2 // indices have 16 bits
)

// Config bounds a cache. Zero fields take the defaults.
type Config struct {
	Key          siphash.Key   // of the hash table
	Entries      int           // neighbours; 0: 1024
	Frames       int           // frames that wait in all, at most 65534; 0: 256
	PerNeighbour int           // frames that wait for one neighbour; 0: 64
	FrameSize    int           // bytes of the longest frame that may wait; 0: 1518
	Reachable    time.Duration // mean time for which an answer counts; 0: 30 s
	Retransmit   time.Duration // between solicitations; 0: 1 s
}

func (c *Config) defaults() {
	setDefault(&c.Entries, defaultEntries)
	setDefault(&c.Frames, defaultFrames)
	c.Frames = min(c.Frames, maxFrames)
	setDefault(&c.PerNeighbour, defaultPerNeighbour)
	setDefault(&c.FrameSize, defaultFrameSize)
	setDefault(&c.Reachable, defaultReachable)
	setDefault(&c.Retransmit, defaultRetransmit)
}

func setDefault[T int | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// Host is the stack around a cache.
type Host interface {
	// Solicit asks for the Ethernet address of target: all stations when to is nil, else only that one.
	Solicit(port int, target *wire.Addr, to *wire.MAC)
	// Resolved sends a frame that waited, to mac. false: no buffer now, the frame goes on waiting.
	Resolved(port int, mac *wire.MAC, frame []byte) bool
	// Failed reports a frame that is given up since nobody answered for target. Only Poll calls it.
	Failed(port int, target wire.Addr, frame []byte)
}

// Counters count since New.
type Counters struct {
	Solicited  uint64 // solicitations sent
	Resolved   uint64 // entries that an answer completed
	Failed     uint64 // entries that nobody answered for
	Evicted    uint64 // entries that made room for others
	QueueFull  uint64 // frames dropped: too many wait
	TooLong    uint64 // frames dropped: longer than FrameSize
	Unresolved uint64 // frames given up with their entry
}
