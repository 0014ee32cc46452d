package dispatch

import "time"

const (
	// MaxProcs is the largest number of procs that a Table can serve.
	MaxProcs = 255
	// MaxEthPorts is the number of NIC ports, as DPDK's RTE_MAX_ETHPORTS.
	MaxEthPorts = 32
	// MaxPins is the size of the exception table.
	MaxPins = 65536
)

// none is the proc id that stands for no proc.
const none = MaxProcs

// Table holds who owns what and turns parsed frames into verdicts. All its
// methods belong to one goroutine, the primary's poll loop. Only Decide and
// Tick are made to be called for each packet and burst; the others allocate as
// they need.
type Table struct {
	hash     Hash
	now      time.Duration
	maxProcs int

	macs [MaxEthPorts]struct {
		addr [6]byte
		set  bool
	}

	live   []uint8 // sorted
	leader uint8   // or none

	// See fit.go.
	draining [MaxProcs + 1]bool
	sealed   [MaxProcs + 1]bool // of those that drain
	stalled  [MaxProcs + 1]bool
	fit      []uint8 // those of live that get what is new, sorted
	strained bool    // some of live do not

	// See await.go.
	awaited  [MaxProcs + 1]bool
	awaiting int  // how many of them
	doubt    bool // the buckets do not lead to all flows
	unsure   bool // doubt, or somebody is awaited, and the grace time is not over

	graceOver bool

	// ports has the owned ports by protocol (see protoIndex) and number,
	// owned the same ports in the order of their first listener.
	ports [2][65536]*ownedPort
	owned []*ownedPort

	leases leases
	pins   *pins
	frags  *fragments

	// stamp orders pins and moves against requests to procs, see Stamp.
	stamp   uint64
	pending [MaxProcs]int // buckets that wait to move away from each proc
	moving  int           // sum of pending
	donors  []Donor       // reused by Donors

	bucketsKept uint64
	detours     uint64
}

// NewTable makes an empty table for proc ids 0..maxProcs-1 (at most MaxProcs of
// them) that spreads flows by h; nil stands for Toeplitz with DefaultKey. It
// has maxHeld frames held at most.
func NewTable(maxProcs int, h Hash, maxHeld int) *Table {
	return newTable(maxProcs, h, MaxPins, maxHeld)
}

func newTable(maxProcs int, h Hash, maxPins, maxHeld int) *Table {
	if h == nil {
		h, _ = NewToeplitz(DefaultKey)
	}
	return &Table{
		hash:     h,
		maxProcs: max(0, min(maxProcs, MaxProcs)),
		leader:   none,
		leases:   newLeases(),
		pins:     newPins(maxPins),
		frags:    newFragments(maxHeld),
	}
}

// SetMAC makes NIC port number port drop unicast frames to any other address
// than mac. A port without one takes them all. Numbers from MaxEthPorts on are
// ignored.
func (t *Table) SetMAC(port int, mac [6]byte) {
	if port >= 0 && port < MaxEthPorts {
		t.macs[port].addr, t.macs[port].set = mac, true
	}
}

// Tick sets the time, which may not go back. Once a burst is enough. It ages
// the memory of fragments.
func (t *Table) Tick(now time.Duration) { t.now = now }

// Stats is what a Table counts beside verdicts.
type Stats struct {
	Ports            int    // owned ports
	Pins             int    // flows in the exception table
	Moving           int    // buckets that wait for a Commit
	BucketsKept      uint64 // moves given up or put off since pins did not fit
	Detours          uint64 // flows that started elsewhere since the proc that has their bucket had stalled
	Fragmented       int    // datagrams that come in fragments, under way
	Held             int    // frames that wait for the first fragment of theirs
	FragmentsEvicted uint64 // datagrams forgotten before their time
}

// Stats returns the counters.
func (t *Table) Stats() Stats {
	return Stats{
		Ports:            len(t.owned),
		Pins:             t.pins.len(),
		Moving:           t.moving,
		BucketsKept:      t.bucketsKept,
		Detours:          t.detours,
		Fragmented:       t.frags.underWay(t.now),
		Held:             t.frags.frames.n,
		FragmentsEvicted: t.frags.evicted,
	}
}
