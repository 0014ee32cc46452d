package dispatch

import (
	"fmt"
	"slices"
)

// MaxListens is the largest number of owned ports, TCP and UDP together.
const MaxListens = 4096

// ownedPort is a local port that somebody listens on, or has listened on with
// flows still to be pinned.
type ownedPort struct {
	proto   uint8
	number  uint16
	group   int
	members []uint8            // sorted
	closed  [MaxProcs + 1]bool // members that drain and listen no more: they only keep others from refusing new flows
	solo    uint8              // owns every bucket, with no move pending; or none
	buckets
}

func protoIndex(proto uint8) int {
	if proto == ProtoTCP {
		return 0
	}
	return 1
}

func (e *ownedPort) has(proc uint8) bool {
	_, found := slices.BinarySearch(e.members, proc)
	return found
}

func (e *ownedPort) listens(proc uint8) bool { return e.has(proc) && !e.closed[proc] }

// listened reports whether anybody listens.
func (e *ownedPort) listened() bool { return slices.ContainsFunc(e.members, e.listens) }

// Listen gives proc, a live or awaited member of group, a share of the TCP or UDP port.
// The first listener owns the port for its group. Another one of the group gets
// buckets from those before it: UDP buckets at once, TCP buckets as their donors
// report (see Donors). A port in a block leased by proc is proc's alone.
//
// Errors: ErrPortTaken, ErrExist, ErrTooManyPorts, ErrNotLive, ErrProto,
// ErrPortZero.
func (t *Table) Listen(proto uint8, port uint16, group int, proc uint8) error {
	if err := t.listen(proto, port, group, proc); err != nil {
		return fmt.Errorf("listen on port %d: %w", port, err)
	}
	return nil
}

func (t *Table) listen(proto uint8, port uint16, group int, proc uint8) error {
	switch {
	case !portProto(proto):
		return ErrProto
	case port == 0:
		return ErrPortZero
	case !t.known(proc):
		return ErrNotLive
	}
	if holder := t.leases.holder(port); holder != none && holder != proc {
		return ErrPortTaken
	}
	e := t.ports[protoIndex(proto)][port]
	switch {
	case e == nil && len(t.owned) >= MaxListens:
		return ErrTooManyPorts
	case e == nil:
		e = t.own(proto, port)
	case e.listens(proc):
		return ErrExist
	case e.listened() && e.group != group:
		return ErrPortTaken
	}
	e.group = group
	e.join(proc)
	t.rebalance(e)
	return nil
}

// Unlisten takes proc's share of the port away and gives it to the other
// listeners. New flows go to them at once; TCP flows that proc has stay with it
// (see Donors). Without other listeners the port is free for any group; for one
// that proc leaves as it drains, see Drain. It does nothing if proc does not listen.
func (t *Table) Unlisten(proto uint8, port uint16, proc uint8) {
	if !portProto(proto) {
		return
	}
	e := t.ports[protoIndex(proto)][port]
	if e == nil || !e.listens(proc) {
		return
	}
	switch leased := t.leases.holder(port) == proc; {
	case leased:
		// Its flows go on reaching proc through the lease.
		t.disown(e, proc)
	case t.draining[proc]:
		e.closed[proc] = true
	default:
		e.leave(proc)
		t.rebalance(e)
	}
}

// disown takes everything of the port from proc, which is gone.
func (t *Table) disown(e *ownedPort, proc uint8) {
	e.leave(proc)
	t.evict(e, proc)
	t.rebalance(e)
}

func (e *ownedPort) join(proc uint8) {
	if at, found := slices.BinarySearch(e.members, proc); !found {
		e.members = slices.Insert(e.members, at, proc)
	}
	e.closed[proc] = false
}

func (e *ownedPort) leave(proc uint8) {
	if at, found := slices.BinarySearch(e.members, proc); found {
		e.members = slices.Delete(e.members, at, at+1)
	}
	e.closed[proc] = false
}

func (t *Table) own(proto uint8, port uint16) *ownedPort {
	e := &ownedPort{proto: proto, number: port, buckets: newBuckets()}
	t.ports[protoIndex(proto)][port] = e
	t.owned = append(t.owned, e)
	t.leases.own(port)
	return e
}

func (t *Table) disuse(e *ownedPort) {
	t.ports[protoIndex(e.proto)][e.number] = nil
	t.owned = slices.DeleteFunc(t.owned, func(o *ownedPort) bool { return o == e })
	t.leases.disown(e.number)
}
