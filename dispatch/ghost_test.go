package dispatch

import (
	"fmt"
	"testing"
)

// A ghost is a half-open connection that a proc which had stalled makes of a SYN on its ring, when the SYN was repeated and
// the connection is another's.

// ghostFlow returns a flow whose bucket is proc 0's.
func ghostFlow(table *Table) Flow {
	for i := 0; ; i++ {
		f := client(i, 80)
		if table.ports[0][80].owner[table.hash.Sum(&f, true)%NumBuckets] == 0 {
			return f
		}
	}
}

// TestGhostsOutliveARestart: the connection reaches its stack under the next primary, whoever of the two comes back first.
func TestGhostsOutliveARestart(t *testing.T) {
	for _, revived := range []bool{false, true} {
		for _, ghostFirst := range []bool{false, true} {
			t.Run(fmt.Sprintf("revived=%v/ghost first=%v", revived, ghostFirst), func(t *testing.T) {
				testGhost(t, revived, ghostFirst)
			})
		}
	}
}

func testGhost(t *testing.T, revived, ghostFirst bool) {
	table := smallTable(2, 4096)
	listen(t, table, ProtoTCP, 80, 0, 1)
	commitAll(table)
	f := ghostFlow(table)
	send(table, f, true) // on the ring of 0, which hangs
	table.Stall(0, true)
	saved := table.Snapshot()
	if v := send(table, f, true); v != deliver(1) {
		t.Fatal(v)
	}
	if revived {
		table.Stall(0, false)
		saved = table.Snapshot()
	}
	next := newTable(3, nil, 4096, 64)
	for proc := range uint8(3) {
		next.Await(proc)
	}
	if err := next.Restore(&saved); err != nil {
		t.Fatal(err)
	}
	back := func(proc uint8, halfOpen bool) {
		next.Adopt(proc, 1, claims([]Flow{f}, halfOpen))
		next.Join(proc)
		if v := send(next, f, false); v.Action == Deliver && v.Proc == 0 {
			t.Fatalf("a segment goes to the ghost once proc %d is back", proc)
		}
	}
	if ghostFirst {
		back(0, true)
		back(1, false)
	} else {
		back(1, false)
		back(0, true)
	}
	next.Leave(2)
	if v := send(next, f, false); v != deliver(1) {
		t.Fatalf("%+v", v)
	}
	next.Drain(0)
	for _, d := range next.Donors() {
		commitClaims(next, d, claims([]Flow{f}, true))
	}
	if v := send(next, f, false); v != deliver(1) {
		t.Errorf("after 0 has given its buckets away: %+v", v)
	}
}

// TestHalfOpenIsHeldOff: a segment of what may be another's waits until all are back, and then goes to who has it half-open.
func TestHalfOpenIsHeldOff(t *testing.T) {
	table := newTable(3, nil, 64, 64)
	table.Await(0)
	table.Await(1)
	if err := table.Listen(ProtoTCP, 80, 1, 0); err != nil {
		t.Fatal(err)
	}
	table.Doubt(true)
	f := client(1, 80)
	table.Adopt(0, 1, claims([]Flow{f}, true))
	table.Join(0)
	if v := send(table, f, false); v != drop(ReasonHeldOff) {
		t.Errorf("%+v", v)
	}
	if v := send(table, f, true); v != deliver(0) {
		t.Errorf("its SYN: %+v", v)
	}
	table.EndGrace()
	if v := send(table, f, false); v != deliver(0) {
		t.Errorf("in the end: %+v", v)
	}
}

// TestDetourInDoubt: a detour stays one while the table is in doubt, so that a later report of the stalled proc changes nothing.
func TestDetourInDoubt(t *testing.T) {
	table := smallTable(2, 4096)
	listen(t, table, ProtoTCP, 80, 0, 1)
	commitAll(table)
	f := ghostFlow(table)
	table.Doubt(true)
	table.Stall(0, true)
	if v := send(table, f, true); v != deliver(1) {
		t.Fatal(v)
	}
	table.Stall(0, false)
	table.Doubt(false)
	table.Drain(0)
	commitClaims(table, table.Donors()[0], claims([]Flow{f}, true))
	if v := send(table, f, false); v != deliver(1) {
		t.Errorf("%+v", v)
	}
}

// TestDrainedProcHangs: it holds nobody up who listens, too.
func TestDrainedProcHangs(t *testing.T) {
	table := smallTable(2, 4096)
	listen(t, table, ProtoTCP, 80, 0)
	table.Drain(0)
	table.Seal(0)
	table.Stall(0, true)
	listen(t, table, ProtoTCP, 80, 1)
	for i := range 1000 {
		if v := send(table, client(i, 80), true); v != deliver(1) {
			t.Fatalf("%+v", v)
		}
	}
}

// TestPinOfASealedProc: a SYN with the ports of a flow that a drained proc has or had is not refused by that proc; it comes again.
func TestPinOfASealedProc(t *testing.T) {
	table := smallTable(2, 4096)
	listen(t, table, ProtoTCP, 80, 0, 1)
	commitAll(table)
	flows := open(t, table, 100, 80)
	table.Drain(0)
	settle(t, table, flows)
	table.Seal(0)
	f := flows[0][0]
	if v := send(table, f, true); v != drop(ReasonDraining) {
		t.Errorf("%+v", v)
	}
	if v := send(table, f, false); v != deliver(0) {
		t.Errorf("a segment of it: %+v", v)
	}
	sweep(table, 0, flows[0][1:], table.Stamp())
	if v := send(table, f, true); v != deliver(1) {
		t.Errorf("when it has ended: %+v", v)
	}
}
