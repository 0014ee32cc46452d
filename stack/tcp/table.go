package tcp

import (
	"encoding/binary"

	"ringstack/stack/siphash"
	"ringstack/stack/wire"
)

// flow is a 4-tuple with its route.
type flow struct {
	Route
	localPort, remotePort uint16
}

// newFlow makes the flow of a segment that belongs to no connection; it is valid until the next segment.
func (t *Transport) newFlow(r *Route, s *segment) *flow {
	t.stranger = flow{Route: *r, localPort: s.dstPort, remotePort: s.srcPort}
	return &t.stranger
}

func (f *flow) is(local, remote *wire.Addr, localPort, remotePort uint16) bool {
	return f.remotePort == remotePort && f.localPort == localPort && f.Remote == *remote && f.Local == *local
}

// hashFlow is the keyed hash of a 4-tuple: an attacker cannot choose flows that collide.
func hashFlow(k siphash.Key, local, remote *wire.Addr, localPort, remotePort uint16) uint64 {
	ports := uint64(localPort)<<16 | uint64(remotePort)
	if local.Is4() {
		return k.Words2(uint64(binary.LittleEndian.Uint32(local[12:]))<<32|uint64(binary.LittleEndian.Uint32(remote[12:])), ports)
	}
	return k.Words5(binary.LittleEndian.Uint64(local[:8]), binary.LittleEndian.Uint64(local[8:]),
		binary.LittleEndian.Uint64(remote[:8]), binary.LittleEndian.Uint64(remote[8:]), ports)
}

// ref names what a table entry leads to: two bits of kind over the number of the block.
type ref uint32

const (
	refConn ref = iota << 30
	refHalfOpen
	refTimeWait

	refKind  ref = 3 << 30
	refIndex     = 1<<30 - 1
)

func (r ref) kind() ref     { return r & refKind }
func (r ref) index() uint32 { return uint32(r) & refIndex }

// table is an open-addressing hash table with linear probing. An entry is the flow's 32-bit hash over a ref; 0 is empty.
// Removal moves later entries back, so there are no tombstones and probes stay short.
type table struct {
	entries []uint64
	n       int
}

const minTable = 1 << 10

func newTable() table { return table{entries: make([]uint64, minTable)} }

func (t *table) insert(hash uint32, r ref) {
	if t.n*2 >= len(t.entries) {
		t.rehash()
	}
	t.put(uint64(hash)<<32 | uint64(r))
	t.n++
}

func (t *table) put(e uint64) {
	mask := len(t.entries) - 1
	i := int(e>>32) & mask
	for t.entries[i] != 0 {
		i = (i + 1) & mask
	}
	t.entries[i] = e
}

func (t *table) rehash() {
	old := t.entries
	t.entries = make([]uint64, 2*len(old))
	for _, e := range old {
		if e != 0 {
			t.put(e)
		}
	}
}

func (t *table) position(hash uint32, r ref) int {
	mask := len(t.entries) - 1
	want := uint64(hash)<<32 | uint64(r)
	i := int(hash) & mask
	for t.entries[i] != want {
		i = (i + 1) & mask
	}
	return i
}

// replace makes the entry of an inserted flow lead elsewhere.
func (t *table) replace(hash uint32, old, r ref) {
	t.entries[t.position(hash, old)] = uint64(hash)<<32 | uint64(r)
}

// remove deletes an entry that is there.
func (t *table) remove(hash uint32, r ref) {
	mask := len(t.entries) - 1
	hole := t.position(hash, r)
	for i := (hole + 1) & mask; t.entries[i] != 0; i = (i + 1) & mask {
		home := int(t.entries[i]>>32) & mask
		// The entry may move back to the hole unless its home lies behind the hole.
		if (i-home)&mask >= (i-hole)&mask {
			t.entries[hole] = t.entries[i]
			hole = i
		}
	}
	t.entries[hole] = 0
	t.n--
}

// lookup finds a 4-tuple; 0 when there is none.
func (t *Transport) lookup(hash uint32, local, remote *wire.Addr, localPort, remotePort uint16) ref {
	mask := len(t.table.entries) - 1
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		e := t.table.entries[i]
		if e == 0 {
			return 0
		}
		if uint32(e>>32) == hash && t.flowOf(ref(e)).is(local, remote, localPort, remotePort) {
			return ref(e)
		}
	}
}

func (t *Transport) flowOf(r ref) *flow {
	switch r.kind() {
	case refConn:
		return &t.conns.at(r.index()).flow
	case refHalfOpen:
		return &t.halfOpen.at(r.index()).flow
	default:
		return &t.timeWait.at(r.index()).flow
	}
}
