package dispatch

import (
	"errors"
	"slices"
	"testing"
)

// client is the flow of the i-th client of our TCP port.
func client(i int, port uint16) Flow {
	return Flow{Local: addr(us4), Remote: addr(peer4), LocalPort: port, RemotePort: uint16(1024 + i), Proto: ProtoTCP}
}

// send asks for a TCP packet of flow f.
func send(table *Table, f Flow, syn bool) Verdict {
	return table.Decide(0, &Packet{Version: 4, Proto: f.Proto, Flow: f, HasPorts: true, SYN: syn}, 0, false)
}

// open sends n SYNs and returns the flows that each proc got.
func open(tb testing.TB, table *Table, n int, port uint16) map[uint8][]Flow {
	tb.Helper()
	flows := map[uint8][]Flow{}
	for i := range n {
		f := client(i, port)
		v := send(table, f, true)
		if v.Action != Deliver {
			tb.Fatalf("SYN of %v: %+v", f, v)
		}
		flows[v.Proc] = append(flows[v.Proc], f)
	}
	return flows
}

func checkStay(t *testing.T, table *Table, flows map[uint8][]Flow) {
	t.Helper()
	for proc, list := range flows {
		for _, f := range list {
			if v := send(table, f, false); v != deliver(proc) {
				t.Fatalf("flow of proc %d: %+v", proc, v)
			}
		}
	}
}

func TestJoinKeepsFlows(t *testing.T) {
	table := smallTable(2, 4096)
	listen(t, table, ProtoTCP, 80, 0)
	flows := open(t, table, 1000, 80)
	listen(t, table, ProtoTCP, 80, 1)

	donors := table.Donors()
	if len(donors) != 1 || donors[0].Proc != 0 {
		t.Fatalf("donors %v", donors)
	}
	d := donors[0]
	reported := slices.Clone(flows[0])
	for i := 1000; i < 2000; i++ {
		f := client(i, 80)
		if v := send(table, f, true); v != deliver(0) {
			t.Fatalf("SYN before the commit: %+v", v)
		}
		flows[0] = append(flows[0], f)
	}
	checkStay(t, table, flows)
	if kept := commit(table, d, reported); kept != 0 || table.moving != 0 {
		t.Fatalf("kept %d, moving %d", kept, table.moving)
	}
	checkStay(t, table, flows)
	late := open(t, table, 3000, 80)
	if len(late[1]) < 300 {
		t.Errorf("the newcomer got %d of 3000 SYNs", len(late[1]))
	}
	if n := table.Pinned(0); n < 800 || n > 1200 || table.Pinned(1) != 0 || table.Pinned(255) != 0 {
		t.Errorf("%d pins for about half of 2000 flows", n)
	}
}

func TestUnlistenKeepsFlows(t *testing.T) {
	table := smallTable(3, 4096)
	listen(t, table, ProtoTCP, 80, 0, 1)
	commitAll(table)
	flows := open(t, table, 1000, 80)
	table.Unlisten(ProtoTCP, 80, 0)

	d := slices.Clone(table.Donors())
	reported := slices.Clone(flows[0])
	for i := 1000; i < 2000; i++ {
		f := client(i, 80)
		if v := send(table, f, true); v != deliver(1) {
			t.Fatalf("SYN went to a proc that does not listen: %+v", v)
		}
		flows[1] = append(flows[1], f)
	}
	checkStay(t, table, flows)
	commit(table, d[0], reported)
	checkStay(t, table, flows)

	table.Unlisten(ProtoTCP, 80, 1)
	if err := table.Listen(ProtoTCP, 80, 7, 2); err != nil {
		t.Fatalf("port without listeners: %v", err)
	}
	if v := send(table, client(5000, 80), true); v != deliver(2) {
		t.Errorf("SYN while the old group's flows are counted: %+v", v)
	}
	checkStay(t, table, flows)
	for _, d := range slices.Clone(table.Donors()) {
		commit(table, d, flows[d.Proc])
	}
	checkStay(t, table, flows)
}

// TestLastUnlisten: the port is given up when its flows are pinned.
func TestLastUnlisten(t *testing.T) {
	table := smallTable(2, 4096)
	listen(t, table, ProtoTCP, 80, 1)
	flows := open(t, table, 500, 80)
	table.Unlisten(ProtoTCP, 80, 1)
	checkStay(t, table, flows)
	d := table.Donors()[0]
	commit(table, d, flows[1])
	checkStay(t, table, flows)
	if len(table.owned) != 0 || table.ports[0][80] != nil || len(table.Donors()) != 0 {
		t.Error("port is still owned")
	}
}

// TestStaleCommit: a report covers no move that began after it was asked for.
func TestStaleCommit(t *testing.T) {
	table := smallTable(3, 4096)
	listen(t, table, ProtoTCP, 80, 0)
	flows := open(t, table, 200, 80)
	listen(t, table, ProtoTCP, 80, 1)
	first := table.Donors()[0]
	reported := slices.Clone(flows[0])

	// The move is called off, flows start unpinned, and it begins again.
	table.Unlisten(ProtoTCP, 80, 1)
	for i := 200; i < 400; i++ {
		send(table, client(i, 80), true)
		flows[0] = append(flows[0], client(i, 80))
	}
	listen(t, table, ProtoTCP, 80, 1)
	commit(table, first, reported)
	if table.moving != 128 {
		t.Fatalf("%d buckets moving, want 128", table.moving)
	}
	checkStay(t, table, flows)
	commit(table, table.Donors()[0], flows[0])
	if table.moving != 0 {
		t.Fatalf("%d buckets moving", table.moving)
	}
	checkStay(t, table, flows)

	// A second newcomer: only the moves made for the first are covered.
	listen(t, table, ProtoTCP, 443, 0)
	listen(t, table, ProtoTCP, 443, 1)
	d := table.Donors()[0]
	listen(t, table, ProtoTCP, 443, 2)
	commit(table, d, flows[0])
	if table.moving == 0 || table.moving == 256 {
		t.Errorf("%d buckets moving", table.moving)
	}
	for _, i := range table.ports[0][443].begun {
		if i > d.Stamp {
			t.Errorf("begun %d, stamp %d", i, d.Stamp)
		}
	}
}

func TestDeadDonorCommitsAtOnce(t *testing.T) {
	table := smallTable(3, 4096)
	listen(t, table, ProtoTCP, 80, 0, 1)
	flows := open(t, table, 100, 80)
	table.Leave(0)
	if table.moving != 0 || table.pins.len() != 0 {
		t.Fatalf("moving %d, pins %d", table.moving, table.pins.len())
	}
	for _, f := range flows[0] {
		if v := send(table, f, false); v != deliver(1) {
			t.Fatalf("%+v", v)
		}
	}
	commit(table, Donor{Proc: 0, Stamp: 99}, flows[0])
	if table.pins.len() != 0 {
		t.Error("a dead proc's late report made pins")
	}
}

// TestPinsFullJoin: buckets whose flows do not fit stay with a donor that
// listens, and no flow is cut off.
func TestPinsFullJoin(t *testing.T) {
	table := smallTable(2, 100)
	listen(t, table, ProtoTCP, 80, 0)
	flows := open(t, table, 1000, 80)
	listen(t, table, ProtoTCP, 80, 1)
	kept := commit(table, table.Donors()[0], flows[0])
	checkStay(t, table, flows)
	e := table.ports[0][80]
	if has := shares(e); kept == 0 || has[1] == 0 || has[0] != 128+kept || table.Stats().BucketsKept != uint64(kept) {
		t.Errorf("kept %d, shares %v, stats %+v", kept, shares(e), table.Stats())
	}
	if table.pins.len() > 100 || table.moving != 0 {
		t.Errorf("%d pins, %d moving", table.pins.len(), table.moving)
	}
}

// TestPinsFullSYN: a flood while a donor does not answer calls the moves off.
func TestPinsFullSYN(t *testing.T) {
	table := smallTable(2, 100)
	listen(t, table, ProtoTCP, 80, 0, 1)
	d := table.Donors()[0]
	flows := open(t, table, 20000, 80)
	if len(flows[1]) != 0 || table.moving != 0 || table.pins.len() != 100 {
		t.Fatalf("newcomer has %d, moving %d, pins %d", len(flows[1]), table.moving, table.pins.len())
	}
	commit(table, d, nil)
	checkStay(t, table, flows)
	if table.ports[0][80].solo != 0 {
		t.Error("one owner again, but not seen as such")
	}
}

// TestPinsFullUnlisten: the donor does not listen, so its buckets wait for room.
func TestPinsFullUnlisten(t *testing.T) {
	table := smallTable(2, 100)
	listen(t, table, ProtoTCP, 80, 0, 1)
	commitAll(table)
	flows := open(t, table, 1000, 80)
	table.Unlisten(ProtoTCP, 80, 0)
	d := table.Donors()[0]
	kept := commit(table, d, flows[0])
	if kept == 0 || table.moving != kept {
		t.Fatalf("kept %d, moving %d", kept, table.moving)
	}
	checkStay(t, table, flows)

	// No new flow may start where it could not be told from the old ones.
	full := 0
	for i := 1000; i < 3000; i++ {
		switch v := send(table, client(i, 80), true); v {
		case drop(ReasonPinsFull):
			full++
		case deliver(1):
			flows[1] = append(flows[1], client(i, 80))
		default:
			t.Fatalf("%+v", v)
		}
	}
	if full == 0 {
		t.Error("no SYN met the full table")
	}

	// The old flows end, the rest moves.
	flows[0] = flows[0][:50]
	for range 100 {
		if table.moving == 0 {
			break
		}
		d := table.Donors()[0]
		sweep(table, 0, flows[0], d.Stamp)
		commit(table, d, flows[0])
	}
	if table.moving != 0 {
		t.Errorf("%d buckets moving", table.moving)
	}
	checkStay(t, table, flows)
}

// TestCommitOverrides: a flow that the donor has is the donor's, even if a SYN
// of it has come again meanwhile and was pinned to the next owner.
func TestCommitOverrides(t *testing.T) {
	table := smallTable(2, 1000)
	listen(t, table, ProtoTCP, 80, 0)
	flows := open(t, table, 100, 80)
	table.Unlisten(ProtoTCP, 80, 0)
	listen(t, table, ProtoTCP, 80, 1)
	open(t, table, 100, 80)
	commit(table, table.Donors()[0], flows[0])
	checkStay(t, table, flows)
	if table.Pinned(0) != 100 || table.Pinned(1) != 0 {
		t.Errorf("pins %d, %d", table.Pinned(0), table.Pinned(1))
	}
}

// TestHostileReport: what a donor says counts only where its own buckets move.
func TestHostileReport(t *testing.T) {
	table := smallTable(3, 4096)
	listen(t, table, ProtoTCP, 80, 0)
	listen(t, table, ProtoTCP, 443, 1)
	others := open(t, table, 300, 443)
	mine := open(t, table, 300, 80)
	listen(t, table, ProtoTCP, 80, 2)
	udp := client(1, 80)
	udp.Proto = ProtoUDP
	bad := slices.Concat(others[1], others[1], mine[0], mine[0], []Flow{{}, udp, client(3, 9999)})
	commit(table, table.Donors()[0], bad)
	checkStay(t, table, others)
	checkStay(t, table, mine)
	if n := table.Pinned(0); n > 300 {
		t.Errorf("%d pins", n)
	}
}

func TestSweep(t *testing.T) {
	table := smallTable(2, 4096)
	listen(t, table, ProtoTCP, 80, 0)
	flows := open(t, table, 1000, 80)
	listen(t, table, ProtoTCP, 80, 1)
	commit(table, table.Donors()[0], flows[0])
	n := table.Pinned(0)

	stamp := table.Stamp()
	sweep(table, 1, nil, stamp) // not this proc's
	if table.Pinned(0) != n {
		t.Fatal("Sweep of another proc removed pins")
	}
	// A SYN pinned after the request is not in the answer.
	listen(t, table, ProtoTCP, 443, 0, 1)
	late := open(t, table, 100, 443)
	newer := table.Pinned(0) - n
	alive := map[uint8][]Flow{0: slices.Concat(flows[0][:300], late[0])}
	sweep(table, 0, flows[0][:300], stamp)
	checkStay(t, table, alive)
	if got := table.Pinned(0); newer == 0 || got < newer+100 || got > newer+200 {
		t.Errorf("%d pins, %d newer", got, newer)
	}
	// Marks do not last: the same flows, ended, go in the next round.
	commitAll(table)
	sweep(table, 0, late[0], table.Stamp())
	if got := table.Pinned(0); got > newer {
		t.Errorf("%d pins left of %d", got, newer)
	}
	sweep(table, 0, nil, table.Stamp())
	if table.Pinned(0) != 0 || table.pins.len() != 0 {
		t.Error("pins left")
	}
	if v := send(table, flows[0][0], false); v.Action != Deliver {
		t.Errorf("%+v", v)
	}
}

func TestErrorFollowsPin(t *testing.T) {
	table := smallTable(2, 4096)
	listen(t, table, ProtoTCP, 80, 0)
	flows := open(t, table, 200, 80)
	listen(t, table, ProtoTCP, 80, 1)
	commit(table, table.Donors()[0], flows[0])
	for _, f := range flows[0] {
		p := Packet{Version: 4, Proto: ProtoICMP, Flow: f, HasPorts: true, Quoted: true}
		if v := table.Decide(0, &p, 0, false); v != deliver(0) {
			t.Fatalf("%+v", v)
		}
	}
}

func TestOtherGroupWhileMoving(t *testing.T) {
	table := smallTable(3, 64)
	listen(t, table, ProtoTCP, 80, 0, 1)
	table.Unlisten(ProtoTCP, 80, 0)
	if err := table.Listen(ProtoTCP, 80, 2, 2); !errors.Is(err, ErrPortTaken) {
		t.Errorf("%v", err)
	}
}
