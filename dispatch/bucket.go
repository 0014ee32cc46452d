package dispatch

import (
	"cmp"
	"slices"
)

// buckets says which proc has each bucket of a port. A bucket is moving while
// its owner, a live proc, differs from the proc that is to have it next. Either
// can be none.
type buckets struct {
	owner [NumBuckets]uint8
	next  [NumBuckets]uint8
	begun [NumBuckets]uint64 // stamp of the move, while moving
	vague [NumBuckets]bool   // was moving when the table was lost, and somebody has yet to come back: see doubtful
}

func newBuckets() buckets {
	var b buckets
	for i := range NumBuckets {
		b.owner[i], b.next[i] = none, none
	}
	return b
}

func (b *buckets) moving(i int) bool {
	return b.owner[i] != none && b.owner[i] != b.next[i]
}

// quotas returns how many buckets each proc is to have: equal shares, the odd
// ones to those that have most, so that fewer move.
func (b *buckets) quotas(members []uint8) (quota [MaxProcs + 1]int) {
	if len(members) == 0 {
		return quota
	}
	var has [MaxProcs + 1]int
	for _, proc := range b.owner {
		has[proc]++
	}
	order := slices.Clone(members)
	slices.SortStableFunc(order, func(x, y uint8) int { return cmp.Compare(has[y], has[x]) })
	share, odd := NumBuckets/len(members), NumBuckets%len(members)
	for i, proc := range order {
		quota[proc] = share
		if i < odd {
			quota[proc]++
		}
	}
	return quota
}

// plan returns who is to have each bucket: equal shares for members, with as
// few buckets as possible away from their owner. Settled buckets come first,
// so that a move begun is not called off only to begin another one.
func (b *buckets) plan(members []uint8) (want [NumBuckets]uint8) {
	left := b.quotas(members)
	for i := range want {
		want[i] = none
	}
	take := func(i int, proc uint8) {
		if want[i] == none && left[proc] > 0 {
			want[i] = proc
			left[proc]--
		}
	}
	for i := range want {
		if !b.moving(i) {
			take(i, b.owner[i])
		}
	}
	for i := range want {
		take(i, b.owner[i])
	}
	for i := range want {
		take(i, b.next[i])
	}
	for i := range want {
		for _, proc := range members {
			take(i, proc)
		}
	}
	return want
}

// rebalance plans the port anew after a change of its members and begins the
// moves. A port that nobody has anything of any more is given up.
func (t *Table) rebalance(e *ownedPort) {
	for i, proc := range e.plan(t.takers(e)) {
		t.assign(e, i, proc)
	}
	t.settle(e)
}

// assign begins the move of bucket i to proc, or does it if no flow can be lost.
func (t *Table) assign(e *ownedPort, i int, proc uint8) {
	was := e.moving(i)
	e.next[i] = proc
	if e.owner[i] == none || e.proto != ProtoTCP {
		e.owner[i] = proc
	}
	switch is := e.moving(i); {
	case is && !was:
		e.begun[i] = t.stamp
		t.count(e.owner[i], 1)
	case was && !is:
		t.count(e.owner[i], -1)
	}
}

// flip ends the move of bucket i.
func (t *Table) flip(e *ownedPort, i int) {
	t.count(e.owner[i], -1)
	e.owner[i] = e.next[i]
}

// evict takes the buckets of proc away without regard to its flows.
func (t *Table) evict(e *ownedPort, proc uint8) {
	for i := range NumBuckets {
		if e.owner[i] != proc {
			continue
		}
		if e.moving(i) {
			t.flip(e, i)
		} else {
			e.owner[i] = none
		}
	}
}

// keep calls off the move of bucket i, the flows of which cannot be pinned.
func (t *Table) keep(e *ownedPort, i int) {
	t.bucketsKept++
	t.count(e.owner[i], -1)
	e.next[i] = e.owner[i]
	t.settle(e)
}

// settle brings up to date what hangs on all buckets together.
func (t *Table) settle(e *ownedPort) {
	e.solo = e.owner[0]
	for i := range NumBuckets {
		if e.moving(i) || e.owner[i] != e.solo {
			e.solo = none
			return
		}
	}
	if e.solo == none {
		t.disuse(e)
	}
}

func (t *Table) count(donor uint8, n int) {
	t.pending[donor] += n
	t.moving += n
}
