package dispatch

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// shares returns how many buckets of the port each proc is to have.
func shares(e *ownedPort) map[uint8]int {
	m := map[uint8]int{}
	for _, proc := range e.next {
		m[proc]++
	}
	return m
}

// checkEven checks that the procs have the port's buckets in equal shares.
func checkEven(t *testing.T, e *ownedPort, procs []uint8) {
	t.Helper()
	has := shares(e)
	for _, proc := range procs {
		if n := has[proc]; n != NumBuckets/len(procs) && n != (NumBuckets+len(procs)-1)/len(procs) {
			t.Errorf("proc %d has %d of %d buckets, %d share them", proc, n, NumBuckets, len(procs))
		}
		delete(has, proc)
	}
	if len(has) != 0 {
		t.Errorf("buckets with others: %v", has)
	}
}

func commitAll(table *Table) {
	for _, d := range slices.Clone(table.Donors()) {
		commit(table, d, nil)
	}
}

// TestEvenAndMinimal: each join and leave gives equal shares and moves no more
// than the share that changes hands.
func TestEvenAndMinimal(t *testing.T) {
	for _, proto := range []uint8{ProtoTCP, ProtoUDP} {
		table := smallTable(MaxProcs, 16)
		moved := func(op func()) int {
			e := table.ports[protoIndex(proto)][80]
			before := e.owner
			op()
			commitAll(table)
			checkEven(t, e, e.members)
			n := 0
			for i := range before {
				if e.owner[i] != e.next[i] {
					t.Fatal("not settled")
				}
				if before[i] != e.owner[i] {
					n++
				}
			}
			return n
		}
		listen(t, table, proto, 80, 0)
		for n := 2; n <= MaxProcs; n++ {
			got := moved(func() { listen(t, table, proto, 80, uint8(n-1)) })
			if got != NumBuckets/n {
				t.Errorf("join of member %d moved %d buckets, want %d", n, got, NumBuckets/n)
			}
		}
		for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(MaxProcs)[:MaxProcs-1] {
			proc := uint8(i)
			had := shares(table.ports[protoIndex(proto)][80])[proc]
			got := moved(func() {
				if proc%2 == 0 {
					table.Leave(proc)
				} else {
					table.Unlisten(proto, 80, proc)
				}
			})
			if got != had {
				t.Errorf("proc %d left with %d buckets, %d moved", proc, had, got)
			}
		}
	}
}

// TestChangeOfMind: plans that are overtaken before their commit cost nothing.
func TestChangeOfMind(t *testing.T) {
	table := smallTable(4, 16)
	listen(t, table, ProtoTCP, 80, 0, 1)
	commitAll(table)
	e := table.ports[0][80]
	before := e.owner

	table.Unlisten(ProtoTCP, 80, 1)
	if table.moving != 128 || table.pending[1] != 128 {
		t.Errorf("moving %d", table.moving)
	}
	listen(t, table, ProtoTCP, 80, 1)
	if table.moving != 0 || e.owner != before || e.next != before {
		t.Errorf("listening again leaves %d moves", table.moving)
	}
	listen(t, table, ProtoTCP, 80, 2)
	listen(t, table, ProtoTCP, 80, 3)
	table.Leave(2)
	checkEven(t, e, e.members)
	table.Leave(3)
	if table.moving != 0 || e.owner != before {
		t.Errorf("newcomers that died before the commit leave %d moves", table.moving)
	}
}

func TestFirstListenerHasAllAtOnce(t *testing.T) {
	table := smallTable(2, 16)
	listen(t, table, ProtoTCP, 80, 1)
	if e := table.ports[0][80]; e.solo != 1 || len(table.Donors()) != 0 {
		t.Errorf("solo %d, donors %v", e.solo, table.Donors())
	}
	listen(t, table, ProtoUDP, 80, 1, 0)
	if len(table.Donors()) != 0 {
		t.Error("UDP has donors")
	}
	checkEven(t, table.ports[1][80], table.ports[1][80].members)
}

// commit and sweep go to the end, a few at a time.
func commit(table *Table, d Donor, flows []Flow) (kept int) {
	return commitClaims(table, d, claims(flows, false))
}

func commitClaims(table *Table, d Donor, claims []Claim) (kept int) {
	c := table.Commit(d, claims)
	for !c.Step(7) {
	}
	return c.Kept
}

func sweep(table *Table, proc uint8, flows []Flow, stamp uint64) {
	for s := table.Sweep(proc, claims(flows, false), stamp); !s.Step(7); {
	}
}

// claims has all flows half-open, or none.
func claims(flows []Flow, halfOpen bool) (list []Claim) {
	for _, f := range flows {
		list = append(list, Claim{f, halfOpen})
	}
	return list
}
