package neigh

import (
	"time"

	"ringstack/stack/wire"
)

// State is where an entry is in RFC 4861 section 7.3.2.
type State uint8

// The states. Permanent is a static entry, which packets do not change.
const (
	None State = iota
	Incomplete
	Reachable
	Stale
	Delay
	Probe
	Permanent
)

var stateNames = [...]string{"none", "incomplete", "reachable", "stale", "delay", "probe", "permanent"}

// String returns the name of the state in lower case.
func (s State) String() string { return stateNames[s] }

// Ref names an entry. The zero Ref names none. A Ref outlives its entry without harm: see Cache.Valid.
type Ref struct{ slot, gen uint32 }

// Entry is what Cache.All shows.
type Entry struct {
	Port   int
	Addr   wire.Addr
	MAC    wire.MAC // zero while Incomplete
	State  State
	Router bool          // it said so (RFC 4861 section 4.4)
	Until  time.Duration // end of Reachable
	Frames int           // that wait
}

type entry struct {
	addr   wire.Addr
	until  time.Duration // Reachable ends
	gen    uint32
	next   uint32 // in the hash chain or free list; 0: end
	port   uint16
	head   uint16 // first and last waiting frame; 0: none
	tail   uint16
	queued uint16
	mac    wire.MAC
	state  State
	probes uint8
	router bool
	used   bool // since the clock hand passed
}

// key is what the hash table finds an entry by.
func (e *entry) is(port int, addr *wire.Addr) bool { return e.addr == *addr && int(e.port) == port }

func (e *entry) hasMAC() bool { return e.state > Incomplete }
