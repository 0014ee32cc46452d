package dispatch

import (
	"errors"
	"slices"
	"testing"
)

// settle has all donors answer until nothing moves.
func settle(t *testing.T, table *Table, flows map[uint8][]Flow) {
	t.Helper()
	for range 3 {
		for _, d := range slices.Clone(table.Donors()) {
			commit(table, d, flows[d.Proc])
		}
	}
	if table.moving != 0 {
		t.Fatalf("%d buckets moving", table.moving)
	}
}

// TestDrain: the others get the new flows, the proc keeps its own.
func TestDrain(t *testing.T) {
	table := smallTable(3, 4096)
	listen(t, table, ProtoTCP, 80, 0, 1, 2)
	listen(t, table, ProtoUDP, 53, 0, 1)
	commitAll(table)
	flows := open(t, table, 1500, 80)
	table.Drain(0)

	for i := 1500; i < 2000; i++ { // it still listens
		f := client(i, 80)
		v := send(table, f, true)
		flows[v.Proc] = append(flows[v.Proc], f)
	}
	checkStay(t, table, flows)
	if table.Moving(0) == 0 || len(flows[0]) < 600 {
		t.Fatalf("%d buckets moving, proc 0 has %d flows", table.Moving(0), len(flows[0]))
	}
	settle(t, table, flows)
	checkStay(t, table, flows)
	table.Unlisten(ProtoTCP, 80, 0)
	for i := 2000; i < 3000; i++ {
		if v := send(table, client(i, 80), true); v != deliver(1) && v != deliver(2) {
			t.Fatalf("new flow: %+v", v)
		}
		udp := client(i, 53)
		udp.Proto = ProtoUDP
		if v := send(table, udp, false); v != deliver(1) {
			t.Fatalf("datagram: %+v", v)
		}
	}
	checkStay(t, table, flows)
	checkEven(t, table.ports[0][80], []uint8{1, 2})
	table.Drain(0) // again
	table.Drain(9) // is not there
	table.Leave(0)
	table.Join(0)
	table.Seal(0) // does not drain
	if table.draining[0] || table.draining[9] || table.sealed[0] {
		t.Error("the next proc with the id drains, too")
	}
}

// TestLoneDrain: nobody refuses new flows, until another listens.
func TestLoneDrain(t *testing.T) {
	for _, closes := range []bool{false, true} {
		table := smallTable(3, 4096)
		listen(t, table, ProtoTCP, 80, 0)
		listen(t, table, ProtoUDP, 80, 0)
		flows := open(t, table, 500, 80)
		udp := client(1, 80)
		udp.Proto = ProtoUDP
		table.Drain(0)
		if v := send(table, udp, false); v != deliver(0) {
			t.Errorf("datagram to a proc that still listens: %+v", v)
		}
		if closes {
			table.Unlisten(ProtoTCP, 80, 0)
			table.Unlisten(ProtoUDP, 80, 0)
			if v := send(table, udp, false); v != drop(ReasonDraining) {
				t.Errorf("datagram to a proc that listens no more: %+v", v)
			}
		}
		for i := 500; i < 600; i++ {
			if v := send(table, client(i, 80), true); v != drop(ReasonDraining) {
				t.Fatalf("new flow: %+v", v)
			}
		}
		checkStay(t, table, flows)

		table.Seal(0)
		listen(t, table, ProtoTCP, 80, 1)
		for i := 600; i < 700; i++ {
			if v := send(table, client(i, 80), true); v != drop(ReasonDraining) {
				t.Fatalf("new flow at a proc that is not to get any more: %+v", v)
			}
		}
		settle(t, table, flows)
		for i := 700; i < 800; i++ {
			if v := send(table, client(i, 80), true); v != deliver(1) {
				t.Fatalf("new flow: %+v", v)
			}
		}
		checkStay(t, table, flows)
		table.Leave(1) // the new one fails
		if v := send(table, client(900, 80), true); v != drop(ReasonDraining) {
			t.Errorf("new flow: %+v", v)
		}
		table.Leave(0)
		if table.ports[0][80] != nil || len(table.owned) != map[bool]int{true: 0, false: 0}[closes] {
			t.Error("the port is still owned")
		}
	}
}

// TestDrainedPortOfAnotherGroup: a port that is only kept from being refused is free for any group.
func TestDrainedPortOfAnotherGroup(t *testing.T) {
	table := smallTable(3, 4096)
	listen(t, table, ProtoTCP, 80, 0)
	table.Drain(0)
	if err := table.Listen(ProtoTCP, 80, 2, 1); !errors.Is(err, ErrPortTaken) {
		t.Errorf("while it listens: %v", err)
	}
	table.Unlisten(ProtoTCP, 80, 0)
	if err := table.Listen(ProtoTCP, 80, 2, 1); err != nil {
		t.Fatal(err)
	}
	if err := table.Listen(ProtoTCP, 80, 1, 2); !errors.Is(err, ErrPortTaken) {
		t.Errorf("once another group has it: %v", err)
	}
	settle(t, table, nil)
	if v := send(table, client(1, 80), true); v != deliver(1) {
		t.Errorf("%+v", v)
	}
}

// TestDrainPinsFull: no flow is lost, and no new one starts where it could not be told from the old ones.
func TestDrainPinsFull(t *testing.T) {
	table := smallTable(2, 100)
	listen(t, table, ProtoTCP, 80, 0, 1)
	commitAll(table)
	flows := open(t, table, 1000, 80)
	table.Drain(0)
	kept := commit(table, table.Donors()[0], flows[0])
	checkStay(t, table, flows)
	if kept == 0 || table.Moving(0) != kept {
		t.Fatalf("kept %d, moving %d", kept, table.Moving(0))
	}
	full := 0
	for i := 1000; i < 2000; i++ {
		f := client(i, 80)
		switch v := send(table, f, true); v {
		case drop(ReasonPinsFull):
			full++
		default:
			flows[v.Proc] = append(flows[v.Proc], f)
		}
	}
	checkStay(t, table, flows)
	if full == 0 || table.Moving(0) != kept {
		t.Errorf("%d SYNs met the full table, %d buckets moving of %d", full, table.Moving(0), kept)
	}
	for len(flows[0]) > 0 { // its flows end
		flows[0] = flows[0][:len(flows[0])/2]
		d := table.Donors()
		if len(d) == 0 {
			break
		}
		sweep(table, 0, flows[0], d[0].Stamp)
		commit(table, d[0], flows[0])
	}
	if table.Moving(0) != 0 {
		t.Errorf("%d buckets moving", table.Moving(0))
	}
}

// TestStall: new flows go to the others, in equal parts, as long as it lasts.
func TestStall(t *testing.T) {
	table := smallTable(4, 8192)
	listen(t, table, ProtoTCP, 80, 0, 1, 2)
	commitAll(table)
	listen(t, table, ProtoTCP, 443, 3)
	flows := open(t, table, 600, 80)
	table.Stall(0, true)
	for i := 1000; i < 4000; i++ {
		f := client(i, 80)
		v := send(table, f, true)
		if v.Action != Deliver || v.Proc == 0 {
			t.Fatalf("new flow: %+v", v)
		}
		flows[v.Proc] = append(flows[v.Proc], f)
	}
	checkStay(t, table, flows)
	if n := table.Pinned(1) - table.Pinned(2); n < -250 || n > 250 || table.Stats().Detours < 800 {
		t.Errorf("%d and %d flows stood in for, %d detours", table.Pinned(1), table.Pinned(2), table.Stats().Detours)
	}
	if v := send(table, client(1, 443), true); v != deliver(3) {
		t.Errorf("another port: %+v", v)
	}
	table.Stall(0, false)
	late := 0
	for i := 4000; i < 5000; i++ {
		if send(table, client(i, 80), true) == deliver(0) {
			late++
		}
	}
	if late < 250 {
		t.Errorf("it gets %d of 1000 new flows again", late)
	}
	checkStay(t, table, flows)
}

// TestStallOfDatagrams: those of a stalled proc go to the others, and to it again afterwards; to it as well when nobody else listens.
func TestStallOfDatagrams(t *testing.T) {
	table := smallTable(3, 16)
	listen(t, table, ProtoUDP, 53, 0, 1, 2)
	listen(t, table, ProtoUDP, 123, 0)
	count := func(port uint16) (of [3]int) {
		for i := range 600 {
			f := client(i, port)
			f.Proto = ProtoUDP
			v := send(table, f, false)
			if v.Action != Deliver {
				t.Fatalf("%+v", v)
			}
			of[v.Proc]++
		}
		return of
	}
	before := count(53)
	table.Stall(0, true)
	if of := count(53); of[0] != 0 || of[1] < 250 || of[2] < 250 {
		t.Errorf("while it has stalled: %v", of)
	}
	if of := count(123); of != [3]int{600} {
		t.Errorf("where nobody else listens: %v", of)
	}
	table.Stall(0, false)
	if of := count(53); of != before || before[0] < 150 {
		t.Errorf("afterwards %v, before %v", of, before)
	}
	if table.pins.len() != 0 {
		t.Errorf("%d pins", table.pins.len())
	}
}

// TestNobodyStandsIn: without another listener that serves, a stalled proc's flows start with it.
func TestNobodyStandsIn(t *testing.T) {
	table := smallTable(3, 2)
	listen(t, table, ProtoTCP, 80, 0)
	table.Stall(0, true)
	if v := send(table, client(1, 80), true); v != deliver(0) {
		t.Errorf("alone: %+v", v)
	}
	listen(t, table, ProtoTCP, 80, 1)
	commitAll(table)
	table.Stall(1, true)
	for i := range 50 {
		if v := send(table, client(i, 80), true); v.Action != Deliver {
			t.Fatalf("all stalled: %+v", v)
		}
	}
	table.Stall(1, false)
	mine := 0
	for i := range 50 { // there is room for two
		if send(table, client(i, 80), true) == deliver(0) {
			mine++
		}
	}
	if mine < 10 || table.Pinned(1) != 2 {
		t.Errorf("with a full table: %d of 50, %d pinned", mine, table.Pinned(1))
	}
}

// TestStallWhileMoving: a stalled donor's buckets wait, the newcomer has the new flows.
func TestStallWhileMoving(t *testing.T) {
	table := smallTable(2, 8192)
	listen(t, table, ProtoTCP, 80, 0)
	flows := open(t, table, 100, 80)
	table.Stall(0, true)
	listen(t, table, ProtoTCP, 80, 1)
	for i := 100; i < 200; i++ {
		if v := send(table, client(i, 80), true); v != deliver(1) {
			t.Fatalf("new flow: %+v", v)
		}
		flows[1] = append(flows[1], client(i, 80))
	}
	table.Stall(0, false)
	// It takes old SYNs off its ring and believes that their flows are its own.
	ghosts := []Flow{client(150, 80), client(151, 80)}
	d := table.Donors()[0]
	commitClaims(table, d, append(claims(flows[0], false), claims(ghosts, true)...))
	checkStay(t, table, flows)
}

// TestLeaderIsFit: who drains or stalls hands over to one that does not, if there is one.
func TestLeaderIsFit(t *testing.T) {
	table := smallTable(3, 16)
	want := func(proc uint8) {
		t.Helper()
		if got, ok := table.Leader(); got != proc || !ok {
			t.Errorf("leader %d, want %d", got, proc)
		}
	}
	want(0)
	table.Stall(0, true)
	want(1)
	table.Stall(0, false)
	want(1)
	table.Drain(1)
	want(0)
	table.Stall(0, true)
	want(2)
	table.Stall(2, true)
	want(1) // drains, but answers
	table.Stall(1, true)
	want(1)
	table.Stall(2, false)
	want(2)
	table.Leave(2)
	table.Leave(1)
	want(0)
	table.Leave(0)
	if _, ok := table.Leader(); ok {
		t.Error("nobody leads")
	}
	table.Join(0)
	if want(0); table.stalled[0] {
		t.Error("the next proc with the id has stalled, too")
	}
	table.Stall(7, true) // is not live
}

// TestUnownedGoesToTheFit: what nobody listens for is answered by those that answer.
func TestUnownedGoesToTheFit(t *testing.T) {
	table := smallTable(3, 16)
	table.Drain(0)
	table.Stall(1, true)
	for i := range 50 {
		f := client(i, 9)
		f.Remote[15] = byte(i)
		if v := send(table, f, false); v != deliver(2) {
			t.Fatalf("%+v", v)
		}
	}
}
