package reasm

import (
	"time"

	"ringstack/stack/siphash"
)

const (
	chunkSize    = 2048
	maxPacket    = 65535
	maxRanges    = 48  // a datagram of 64 KB over Ethernet has 45 fragments
	maxHeader    = 192 // bytes before the fragmentable part
	resolution   = 10 * time.Millisecond
	chunksOfFull = (maxPacket + chunkSize - 1) / chunkSize
)

// Config bounds a table. Zero fields take the defaults.
type Config struct {
	Key       siphash.Key   // of the hash table
	Datagrams int           // under way at once; 0: 256
	PerSource int           // of them from one source address; 0: 16
	Memory    int           // bytes of fragment data; 0: 2 MB, at least 64 KB
	Timeout4  time.Duration // from the first fragment on; 0: 30 s
	Timeout6  time.Duration // 0: 60 s (RFC 8200 section 4.5)
}

func (c *Config) defaults() {
	if c.Datagrams <= 0 {
		c.Datagrams = 256
	}
	if c.PerSource <= 0 {
		c.PerSource = 16
	}
	if c.Memory <= 0 {
		c.Memory = 2 << 20
	}
	c.Memory = min(max(c.Memory, chunksOfFull*chunkSize), 1<<16*chunkSize-chunkSize)
	if c.Timeout4 <= 0 {
		c.Timeout4 = 30 * time.Second
	}
	if c.Timeout6 <= 0 {
		c.Timeout6 = 60 * time.Second
	}
}

// Result is what became of a fragment.
type Result uint8

// Results of Add. All but Held and Done are drops.
const (
	Held      Result = iota
	Done             // it completed a packet
	Duplicate        // these bytes have come before
	Overlap          // it contradicts what has come; the datagram is given up
	Dead             // its datagram has been given up
	BadLength        // not the last one, and no multiple of 8 bytes (RFC 8200 section 4.5)
	TooLong          // the packet would exceed 65535 bytes
	Empty            // no data
	BadHeader        // too much before the fragmentable part
	TooMany          // too many separate ranges; the datagram is given up
)

// Counters count since New.
type Counters struct {
	Completed uint64 // packets
	Expired   uint64 // datagrams that timed out
	Evicted   uint64 // datagrams that made room for others
}
