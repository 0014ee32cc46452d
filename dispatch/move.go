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

// Commit ends the moves away from d that were begun before d was returned:
// flows, all TCP flows that the proc has, are pinned to it where their bucket
// moves, and the buckets get their new owner. Flows of other buckets are passed
// over.
//
// It returns the number of buckets whose flows did not fit the exception table.
// Those stay with the donor for good if it listens; if it does not, or drains,
// they go on waiting, and the caller should ask again after Sweep has made room.
func (t *Table) Commit(d Donor, flows []Flow) (kept int) {
	c := commit{t: t, donor: d, ports: make(map[*ownedPort]*[NumBuckets]int)}
	for i := range flows {
		if e, b := c.find(&flows[i]); e != nil && !t.pinned(&flows[i], d.Proc) {
			c.need(e)[b]++
		}
	}
	kept = c.reserve()
	for i := range flows {
		if e, b := c.find(&flows[i]); e != nil && c.need(e)[b] != refused {
			t.pins.put(&flows[i], d.Proc, t.stamp)
		}
	}
	c.flip()
	t.bucketsKept += uint64(kept)
	return kept
}

// refused stands in commit.ports for a bucket that cannot move now.
const refused = -1

// commit is one Commit at work.
type commit struct {
	t     *Table
	donor Donor
	// ports has the number of pins that each bucket needs.
	ports map[*ownedPort]*[NumBuckets]int
}

func (c *commit) need(e *ownedPort) *[NumBuckets]int {
	if c.ports[e] == nil {
		c.ports[e] = new([NumBuckets]int)
	}
	return c.ports[e]
}

func (c *commit) covers(e *ownedPort, b int) bool {
	return e.owner[b] == c.donor.Proc && e.moving(b) && e.begun[b] < c.donor.Stamp
}

// find returns the port and bucket that f has to be pinned for, if any. A flow that
// started elsewhere while the donor had stalled is what the peer knows, not the
// donor's, which made it later of an old SYN.
func (c *commit) find(f *Flow) (*ownedPort, int) {
	if f.Proto != ProtoTCP {
		return nil, 0
	}
	if pin := c.t.pins.find(f); pin != nil && pin.detour && pin.proc != c.donor.Proc {
		return nil, 0
	}
	e := c.t.ports[protoIndex(ProtoTCP)][f.LocalPort]
	if e == nil {
		return nil, 0
	}
	b := int(c.t.hash.Sum(f, true) % NumBuckets)
	if !c.covers(e, b) {
		return nil, 0
	}
	return e, b
}

// reserve refuses the buckets whose pins do not all fit.
func (c *commit) reserve() (kept int) {
	room := c.t.pins.room()
	for _, e := range c.t.owned {
		need := c.ports[e]
		if need == nil {
			continue
		}
		for b, n := range need {
			if n <= room {
				room -= n
				continue
			}
			need[b] = refused
			kept++
		}
	}
	return kept
}

func (c *commit) flip() {
	t := c.t
	for _, e := range slices.Clone(t.owned) {
		for b := range NumBuckets {
			if !c.covers(e, b) {
				continue
			}
			switch need := c.ports[e]; {
			case need == nil || need[b] != refused:
				t.flip(e, b)
			case t.stays(e, c.donor.Proc):
				t.count(c.donor.Proc, -1)
				e.next[b] = e.owner[b]
			}
		}
		t.settle(e)
	}
}
