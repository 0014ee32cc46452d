package dispatch

import (
	"fmt"
	"slices"
)

const (
	// LeaseSize is the number of consecutive ports in a lease.
	LeaseSize = 256
	// MaxLeases is the number of leases that one proc can have.
	MaxLeases = 32

	// Blocks that lie whole in FreeBSD's net.inet.ip.portrange, 10000-65535.
	firstBlock = (10000 + LeaseSize - 1) / LeaseSize
	numBlocks  = 65536 / LeaseSize
)

// leases says who has each block of LeaseSize ports.
type leases struct {
	holders [numBlocks]uint8 // or none
	owned   [numBlocks]int   // owned ports in the block
	cursor  int              // block after the last one leased
	of      [MaxProcs]int    // blocks of each proc
}

func newLeases() leases {
	l := leases{cursor: firstBlock}
	for i := range l.holders {
		l.holders[i] = none
	}
	return l
}

func (l *leases) holder(port uint16) uint8 { return l.holders[port/LeaseSize] }

func (l *leases) own(port uint16)    { l.owned[port/LeaseSize]++ }
func (l *leases) disown(port uint16) { l.owned[port/LeaseSize]-- }

// Lease gives proc a block of n = LeaseSize ports from first on, TCP and UDP,
// for flows that it opens. Everything to these ports goes to proc until it
// leaves. The search goes on from the last block leased, so that a block that
// became free is used again as late as possible.
//
// Errors: ErrNotLive, ErrTooManyLeases, ErrNoLease.
func (t *Table) Lease(proc uint8) (first uint16, n int, err error) {
	block, err := t.lease(proc)
	if err != nil {
		return 0, 0, fmt.Errorf("lease ports: %w", err)
	}
	return uint16(block * LeaseSize), LeaseSize, nil
}

func (t *Table) lease(proc uint8) (block int, err error) {
	l := &t.leases
	switch {
	case !t.known(proc):
		return 0, ErrNotLive
	case l.of[proc] >= MaxLeases:
		return 0, ErrTooManyLeases
	}
	for range numBlocks - firstBlock {
		block = l.cursor
		if l.cursor++; l.cursor == numBlocks {
			l.cursor = firstBlock
		}
		if l.holders[block] == none && l.owned[block] == 0 {
			l.holders[block] = proc
			l.of[proc]++
			return block, nil
		}
	}
	return 0, ErrNoLease
}

// Claim gives proc the lease that starts at first, which it had before the primary started anew. It does nothing if proc has it.
//
// Errors: ErrNotLive, ErrTooManyLeases, ErrPortTaken.
func (t *Table) Claim(proc uint8, first uint16) error {
	l, block := &t.leases, first/LeaseSize
	switch holder := l.holders[block]; {
	case !t.known(proc):
		return fmt.Errorf("claim lease of ports: %w", ErrNotLive)
	case holder == proc:
		return nil
	case first%LeaseSize != 0, block < firstBlock, holder != none, t.ownedByOthers(block, proc):
		return fmt.Errorf("claim lease of ports from %d: %w", first, ErrPortTaken)
	case l.of[proc] >= MaxLeases:
		return fmt.Errorf("claim lease of ports: %w", ErrTooManyLeases)
	}
	l.holders[block] = proc
	l.of[proc]++
	return nil
}

// ownedByOthers reports whether another proc than proc has a share of a port in the block.
func (t *Table) ownedByOthers(block uint16, proc uint8) bool {
	return t.leases.owned[block] > 0 && slices.ContainsFunc(t.owned, func(e *ownedPort) bool {
		return e.number/LeaseSize == block && (len(e.members) != 1 || e.members[0] != proc)
	})
}

// Unlease ends proc's lease that starts at first. It does nothing if proc does not have it.
func (t *Table) Unlease(proc uint8, first uint16) {
	if l, block := &t.leases, first/LeaseSize; proc != none && l.holders[block] == proc {
		l.holders[block] = none
		l.of[proc]--
	}
}

// Leased reports whether port lies in a block leased by proc.
func (t *Table) Leased(proc uint8, port uint16) bool {
	return proc != none && t.leases.holder(port) == proc
}

// Leases returns the first port of each of proc's leases.
func (t *Table) Leases(proc uint8) (firsts []uint16) {
	for block, holder := range t.leases.holders {
		if holder == proc && proc != none {
			firsts = append(firsts, uint16(block*LeaseSize))
		}
	}
	return firsts
}

// free ends the leases of proc.
func (l *leases) free(proc uint8) {
	for i, holder := range l.holders {
		if holder == proc {
			l.holders[i] = none
		}
	}
	l.of[proc] = 0
}
