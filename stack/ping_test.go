package stack

import (
	"fmt"
	"syscall"
	"testing"

	"ringstack/stack/wire"
)

func TestPing(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		for i, size := range []int{0, 56, 1472, 1473, 9000, 65000} {
			if err := a.Ping(wire.Addr{}, lb, 7, uint16(i), make([]byte, size)); err != 0 {
				t.Fatal(err)
			}
			settle(0, a, b)
			a.expect(fmt.Sprintf("echo reply 7/%d of %d from %s", i, size, lb))
		}
		b.expect()
		if n := a.NeighbourCounters().Solicited; n != 1 {
			t.Errorf("%d solicitations", n)
		}
		if a.fragments.Len() != 0 || b.fragments.Len() != 0 {
			t.Error("fragments are left")
		}
	})
}

func TestPingOurselves(t *testing.T) {
	a := newHost(t, 1, nil)
	for _, to := range []wire.Addr{a.v4, a.v6, v4(127, 0, 0, 1), wire.Loopback6} {
		if err := a.Ping(wire.Addr{}, to, 1, 1, make([]byte, 30000)); err != 0 {
			t.Fatal(err)
		}
		settle(0, a)
		a.expect(fmt.Sprintf("echo reply 1/1 of 30000 from %s", to))
	}
	if a.count(EtherOut) != 0 {
		t.Error("a frame left")
	}
}

func TestNoRoute(t *testing.T) {
	a := newHost(t, 1, nil)
	for _, to := range []wire.Addr{v4(192, 0, 2, 1), {0: 0x20, 15: 1}, {}, wire.Any4} {
		if err := a.Ping(wire.Addr{}, to, 1, 1, nil); err != syscall.ENETUNREACH {
			t.Errorf("ping %s: %v", to, err)
		}
	}
}
