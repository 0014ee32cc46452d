package dispatch

import (
	"errors"
	"syscall"
	"testing"
)

func TestListenErrors(t *testing.T) {
	table := newTable(4, nil, 16, 64)
	for proc := range uint8(3) {
		table.Join(proc)
	}
	first, _, err := table.Lease(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		proto uint8
		port  uint16
		group int
		proc  uint8
		want  error
		errno error
	}{
		{"free", ProtoTCP, 80, 1, 0, nil, nil},
		{"member of the group", ProtoTCP, 80, 1, 1, nil, nil},
		{"again", ProtoTCP, 80, 1, 1, ErrExist, syscall.EEXIST},
		{"other group", ProtoTCP, 80, 2, 2, ErrPortTaken, syscall.EADDRINUSE},
		{"other protocol", ProtoUDP, 80, 2, 2, nil, nil},
		{"not live", ProtoTCP, 81, 1, 3, ErrNotLive, syscall.ESRCH},
		{"not a proc", ProtoTCP, 81, 1, 255, ErrNotLive, syscall.ESRCH},
		{"sctp", 132, 81, 1, 0, ErrProto, syscall.EPROTONOSUPPORT},
		{"port 0", ProtoTCP, 0, 1, 0, ErrPortZero, nil},
		{"in another's lease", ProtoTCP, first + 9, 1, 1, ErrPortTaken, syscall.EADDRINUSE},
		{"in its own lease", ProtoTCP, first + 9, 1, 0, nil, nil},
		{"in its own lease again", ProtoTCP, first + 9, 1, 0, ErrExist, nil},
	} {
		err := table.Listen(test.proto, test.port, test.group, test.proc)
		if !errors.Is(err, test.want) || test.errno != nil && !errors.Is(err, test.errno) || test.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	table.Unlisten(132, 80, 0)
	table.Unlisten(ProtoTCP, 80, 2)
	table.Unlisten(ProtoTCP, 81, 0)
	if len(table.owned) != 3 {
		t.Errorf("%d ports owned, want 3", len(table.owned))
	}
}

func TestListenLimit(t *testing.T) {
	table := smallTable(1, 1)
	for port := range MaxListens {
		if err := table.Listen(ProtoUDP, uint16(port+1), 1, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Listen(ProtoTCP, 80, 1, 0); !errors.Is(err, ErrTooManyPorts) {
		t.Errorf("%v", err)
	}
	table.Unlisten(ProtoUDP, 1, 0)
	if err := table.Listen(ProtoTCP, 80, 1, 0); err != nil {
		t.Error(err)
	}
}

// TestPortFreedByDeath: another group gets the port at once, also by UDP and
// with several members.
func TestPortFreedByDeath(t *testing.T) {
	for _, proto := range []uint8{ProtoTCP, ProtoUDP} {
		table := smallTable(3, 16)
		listen(t, table, proto, 80, 0, 1)
		table.Leave(0)
		if err := table.Listen(proto, 80, 2, 2); !errors.Is(err, ErrPortTaken) {
			t.Errorf("with a member left: %v", err)
		}
		table.Leave(1)
		if len(table.owned) != 0 || table.moving != 0 {
			t.Errorf("%d ports owned, %d buckets moving", len(table.owned), table.moving)
		}
		if err := table.Listen(proto, 80, 2, 2); err != nil {
			t.Error(err)
		}
	}
}

// TestUnlistenLeased: a port listened on inside one's own lease leaves nothing
// behind, and its flows still come through the lease.
func TestUnlistenLeased(t *testing.T) {
	table := smallTable(2, 16)
	first, _, _ := table.Lease(1)
	listen(t, table, ProtoTCP, first, 1)
	table.Unlisten(ProtoTCP, first, 1)
	if len(table.owned) != 0 || len(table.Donors()) != 0 {
		t.Errorf("owned %d, donors %v", len(table.owned), table.Donors())
	}
	if got := decide(t, table, tcp4(9, int(first), tcpACK)); got != deliver(1) {
		t.Errorf("%+v", got)
	}
}

func TestLease(t *testing.T) {
	table := smallTable(9, 1)
	listen(t, table, ProtoUDP, 10500, 8) // in block 41
	seen := map[uint16]bool{}
	take := func(proc uint8) uint16 {
		t.Helper()
		first, n, err := table.Lease(proc)
		if err != nil || n != LeaseSize || first%LeaseSize != 0 || first < 10000 {
			t.Fatalf("Lease(%d) = %d, %d, %v", proc, first, n, err)
		}
		if seen[first] || first <= 10500 && 10500 < int(first)+n {
			t.Fatalf("block %d given twice or owned", first)
		}
		seen[first] = true
		return first
	}
	a, b := take(0), take(1)
	if b <= a {
		t.Errorf("%d then %d", a, b)
	}
	table.Leave(0)
	table.Join(0)
	delete(seen, a)
	if next := take(1); next == a {
		t.Error("freed block used again at once")
	}
	for range MaxLeases - 2 {
		take(1)
	}
	if _, _, err := table.Lease(1); !errors.Is(err, ErrTooManyLeases) || !errors.Is(err, syscall.EMFILE) {
		t.Errorf("past the limit: %v", err)
	}
	if _, _, err := table.Lease(200); !errors.Is(err, ErrNotLive) {
		t.Errorf("not live: %v", err)
	}
	total := numBlocks - firstBlock - 1
	for proc := uint8(2); len(seen) < total; proc++ {
		for i := 0; i < MaxLeases && len(seen) < total; i++ {
			take(proc)
		}
	}
	if !seen[a] {
		t.Error("freed block never used again")
	}
	if _, _, err := table.Lease(0); !errors.Is(err, ErrNoLease) || !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("all gone: %v", err)
	}
	table.Leave(2)
	table.Unlisten(ProtoUDP, 10500, 8)
	if _, _, err := table.Lease(0); err != nil {
		t.Errorf("after some are free: %v", err)
	}
}
