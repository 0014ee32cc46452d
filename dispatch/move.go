package dispatch

import "slices"

// Donor is a proc that has to report its flows before buckets can move away
// from it.
type Donor struct {
	Proc  uint8
	Stamp uint64 // the moves before it are those that a report covers
}

// Donors returns the procs from which buckets are waiting to move. The slice is
// valid until the next call, and empty most of the time.
//
// The caller asks each of them for its TCP flows, and hands the answer to
// Commit with the Donor that came before the request. A proc shows up again
// until nothing waits for it any more: keep one request open per proc. The
// answer is whole only if the proc has first taken in all packets that were
// dispatched to it before the request.
//
// Until the Commit the donor goes on receiving the bucket's packets. SYNs are
// pinned on the way: to the donor, or to the next owner if the donor has stopped
// listening. So a donor that drains has to listen until the Commit. SYNs for a
// sealed donor are dropped (see Seal).
func (t *Table) Donors() []Donor {
	t.donors = t.donors[:0]
	if t.moving == 0 {
		return t.donors
	}
	stamp := t.Stamp()
	for _, proc := range t.live {
		if t.pending[proc] > 0 {
			t.donors = append(t.donors, Donor{Proc: proc, Stamp: stamp})
		}
	}
	return t.donors
}

// Commit is the end of moves away from a donor, in steps.
type Commit struct {
	// Moved is the number of buckets that have got their new owner, once all is done.
	Moved int
	// Kept is the number of buckets whose flows did not fit the exception table, once
	// all is done. Those stay with the donor for good if it listens; if it does not, or
	// drains, they go on waiting, and the caller should ask again after a Sweep has made
	// room.
	Kept int

	t     *Table
	donor Donor
	all   []Claim
	flows []Claim // that this pass has not come to yet
	pass  func(*Claim)
	// ports has the number of pins that each bucket needs.
	ports map[*ownedPort]*[NumBuckets]int
}

// Commit begins to end the moves away from d that were begun before d was returned:
// flows, all TCP flows that the proc has, are pinned to it where their bucket
// moves, and at last the buckets get their new owner. Flows of other buckets are passed
// over.
func (t *Table) Commit(d Donor, flows []Claim) *Commit {
	if t.Moving(d.Proc) == 0 {
		flows = nil
	}
	c := &Commit{t: t, donor: d, all: flows, flows: flows, ports: make(map[*ownedPort]*[NumBuckets]int)}
	c.pass = c.count
	return c
}

// Step goes on with at most n flows and reports whether that was all. Between two
// steps anything may happen to the table.
func (c *Commit) Step(n int) (done bool) {
	batch := c.flows[:min(n, len(c.flows))]
	c.flows = c.flows[len(batch):]
	for i := range batch {
		c.pass(&batch[i])
	}
	switch {
	case len(c.flows) > 0:
		return false
	case c.all != nil:
		c.reserve()
		c.flows, c.all, c.pass = c.all, nil, c.pin
		return false
	}
	c.flip()
	c.t.bucketsKept += uint64(c.Kept)
	return true
}

// count finds out what a flow needs.
func (c *Commit) count(f *Claim) {
	if e, b := c.find(f); e != nil && !c.t.pinned(&f.Flow, c.donor.Proc) {
		c.need(e)[b]++
	}
}

// pin pins a flow whose bucket moves.
func (c *Commit) pin(f *Claim) {
	e, b := c.find(f)
	if e == nil || c.need(e)[b] == refused {
		return
	}
	if c.t.pins.put(&f.Flow, c.donor.Proc, c.t.stamp) == nil { // the room was taken meanwhile
		c.refuse(c.need(e), b)
	}
}

// refused stands in Commit.ports for a bucket that cannot move now.
const refused = -1

func (c *Commit) refuse(need *[NumBuckets]int, b int) {
	need[b] = refused
	c.Kept++
}

func (c *Commit) need(e *ownedPort) *[NumBuckets]int {
	if c.ports[e] == nil {
		c.ports[e] = new([NumBuckets]int)
	}
	return c.ports[e]
}

func (c *Commit) covers(e *ownedPort, b int) bool {
	return e.owner[b] == c.donor.Proc && e.moving(b) && e.begun[b] < c.donor.Stamp
}

// find returns the port and bucket that f has to be pinned for, if any. What the donor
// has half-open and is pinned to another is the other's, to whom its packets go.
func (c *Commit) find(f *Claim) (*ownedPort, int) {
	if f.Proto != ProtoTCP {
		return nil, 0
	}
	if pin := c.t.pins.find(&f.Flow); f.HalfOpen && pin != nil && pin.proc != c.donor.Proc {
		return nil, 0
	}
	e := c.t.ports[protoIndex(ProtoTCP)][f.LocalPort]
	if e == nil {
		return nil, 0
	}
	b := int(c.t.hash.Sum(&f.Flow, true) % NumBuckets)
	if !c.covers(e, b) {
		return nil, 0
	}
	return e, b
}

// reserve refuses the buckets whose pins do not all fit.
func (c *Commit) reserve() {
	room := c.t.pins.room()
	for _, e := range c.t.owned {
		need := c.ports[e]
		if need == nil {
			continue
		}
		for b, n := range need {
			if n <= room {
				room -= n
			} else {
				c.refuse(need, b)
			}
		}
	}
}

func (c *Commit) flip() {
	t := c.t
	if t.Moving(c.donor.Proc) == 0 {
		return
	}
	for _, e := range slices.Clone(t.owned) {
		for b := range NumBuckets {
			if !c.covers(e, b) {
				continue
			}
			switch need := c.ports[e]; {
			case need == nil || need[b] != refused:
				t.flip(e, b)
				c.Moved++
			case t.stays(e, c.donor.Proc):
				t.count(c.donor.Proc, -1)
				e.next[b] = e.owner[b]
			}
		}
		t.settle(e)
	}
}
