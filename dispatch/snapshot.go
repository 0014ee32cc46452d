package dispatch

import (
	"errors"
	"fmt"
	"slices"
)

// ErrSnapshot says that a snapshot contradicts itself or the table.
var ErrSnapshot = errors.New("impossible snapshot")

// Snapshot is what a table knows of flows and cannot find out again, for a primary that starts anew. Procs in it are live or awaited;
// none is NoProc.
type Snapshot struct {
	Ports  []PortSnapshot
	Leases []LeaseSnapshot
	Pins   []PinSnapshot
}

// NoProc stands for no proc in a Snapshot.
const NoProc = none

// PortSnapshot is an owned port.
type PortSnapshot struct {
	Proto   uint8
	Port    uint16
	Group   int
	Members []uint8 // sorted
	Solo    uint8   // who has all buckets, none of which moves; NoProc: see Buckets
	Buckets *BucketSnapshot
}

// BucketSnapshot has what there is to say of each bucket.
type BucketSnapshot struct {
	Owner [NumBuckets]uint8 // or NoProc
	Next  [NumBuckets]uint8 // who is to have it; as Owner unless it is moving
	Vague [NumBuckets]bool  // it may have flows that others have, of procs that have yet to come back
}

// allOf is for a port of which solo has all buckets.
func allOf(solo uint8) *BucketSnapshot {
	b := new(BucketSnapshot)
	for i := range b.Owner {
		b.Owner[i], b.Next[i] = solo, solo
	}
	return b
}

// LeaseSnapshot is a block of LeaseSize ports.
type LeaseSnapshot struct {
	First uint16
	Proc  uint8
}

// PinSnapshot is a flow in the exception table.
type PinSnapshot struct {
	Claim
	Proc uint8
}

// Snapshot returns a copy of what is to be kept.
func (t *Table) Snapshot() Snapshot {
	var s Snapshot
	s.Ports = make([]PortSnapshot, len(t.owned))
	for i, e := range t.owned {
		s.Ports[i] = PortSnapshot{Proto: e.proto, Port: e.number, Group: e.group, Members: slices.Clone(e.members), Solo: e.solo}
		if vague := t.vagueOf(e); e.solo == none || vague != [NumBuckets]bool{} {
			s.Ports[i].Solo, s.Ports[i].Buckets = none, &BucketSnapshot{Owner: e.owner, Next: e.next, Vague: vague}
		}
	}
	for block, holder := range t.leases.holders {
		if holder != none {
			s.Leases = append(s.Leases, LeaseSnapshot{uint16(block * LeaseSize), holder})
		}
	}
	s.Pins = make([]PinSnapshot, len(t.pins.list))
	for i := range t.pins.list {
		e := &t.pins.list[i]
		s.Pins[i] = PinSnapshot{Claim{e.flow, e.halfOpen}, e.proc}
	}
	return s
}

// vagueOf returns which buckets have flows of others, or will have before there is another snapshot: where a proc has stalled, each SYN makes a pin.
func (t *Table) vagueOf(e *ownedPort) [NumBuckets]bool {
	vague := e.vague
	if e.proto != ProtoTCP || len(e.members) < 2 {
		return vague
	}
	for i, owner := range e.owner {
		vague[i] = vague[i] || t.stalled[owner]
	}
	return vague
}

// Restore brings the contents of a snapshot into an empty table, all of whose procs are awaited (see Await). After an error, which wraps
// ErrSnapshot, the table is not to be used.
func (t *Table) Restore(s *Snapshot) error {
	for i := range s.Ports {
		if err := t.restorePort(&s.Ports[i]); err != nil {
			return fmt.Errorf("restore port %d: %w", s.Ports[i].Port, err)
		}
	}
	for _, l := range s.Leases {
		if err := t.Claim(l.Proc, l.First); err != nil {
			return fmt.Errorf("%w: %w", ErrSnapshot, err)
		}
	}
	for i := range s.Pins {
		p := &s.Pins[i]
		if p.Flow.Proto != ProtoTCP || !t.expects(p.Proc) {
			return fmt.Errorf("restore pin %d: %w", i, ErrSnapshot)
		}
		pin := t.pins.put(&p.Flow, p.Proc, t.stamp)
		if pin == nil {
			return fmt.Errorf("restore pin %d: %w", i, ErrSnapshot)
		}
		pin.halfOpen = p.HalfOpen
	}
	return nil
}

func (t *Table) restorePort(s *PortSnapshot) error {
	if !portProto(s.Proto) || s.Port == 0 || t.ports[protoIndex(s.Proto)][s.Port] != nil || len(t.owned) >= MaxListens {
		return ErrSnapshot
	}
	for i, proc := range s.Members {
		if !t.expects(proc) || i > 0 && proc <= s.Members[i-1] {
			return ErrSnapshot
		}
	}
	b := s.Buckets
	if b == nil {
		b = allOf(s.Solo)
	}
	for i := range NumBuckets {
		owner, next := b.Owner[i], b.Next[i]
		if owner != none && !t.expects(owner) || next != none && !t.expects(next) || s.Proto != ProtoTCP && owner != next {
			return ErrSnapshot
		}
	}
	e := t.own(s.Proto, s.Port)
	e.group, e.members, e.owner, e.next, e.vague = s.Group, slices.Clone(s.Members), b.Owner, b.Next, b.Vague
	for i := range NumBuckets {
		if e.moving(i) {
			t.count(e.owner[i], 1)
			e.vague[i] = true
		}
	}
	t.settle(e)
	return nil
}

// expects reports whether proc may be in a snapshot.
func (t *Table) expects(proc uint8) bool { return proc != none && t.awaited[proc] }
