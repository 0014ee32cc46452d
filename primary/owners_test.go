package primary

import (
	"errors"
	"slices"
	"testing"
	"unsafe"

	"ringstack/shm"
)

const (
	elt    = 2432 // bytes from mbuf to mbuf
	pool0  = 0xabc000
	region = 0x1_0000_0000
)

// hugepageObjects lays n mbufs out as DPDK does in 2 MB pages: none crosses a page.
func hugepageObjects(n int) (objects []object) {
	addr := uint64(region + 0x1c0)
	for range n {
		if addr>>21 != (addr+elt-1)>>21 {
			addr = (addr>>21+1)<<21 + 64
		}
		page := addr >> 21
		objects = append(objects, object{addr: addr, iova: addr + page*0x7700_0000, pool: pool0})
		addr += elt
	}
	return objects
}

// smallPageObjects lays mbufs out as DPDK does without hugepages: one a page of 4 KB.
func smallPageObjects(n int) (objects []object) {
	objects = append(objects, object{addr: region + 0x600, iova: region + 0x600, pool: pool0})
	for i := 1; i < n; i++ {
		addr := uint64(region + i*4096 + 64)
		objects = append(objects, object{addr: addr, iova: addr, pool: pool0})
	}
	return objects
}

func newTestOwners(t *testing.T, objects []object) *owners {
	t.Helper()
	o, err := layOutPages(objects, 4, 2176)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOwnersFindMbufsOnly(t *testing.T) {
	for name, objects := range map[string][]object{
		"hugepages":   hugepageObjects(3000),
		"small pages": smallPageObjects(3000),
		"one":         hugepageObjects(1),
	} {
		o := newTestOwners(t, objects)
		starts := make(map[uint64]bool)
		for i, obj := range objects {
			starts[obj.addr] = true
			if index, g := o.find(obj.addr); g == nil || index != uint32(i) {
				t.Fatalf("%s: mbuf %d not found", name, i)
			}
		}
		last := objects[len(objects)-1].addr
		for addr := uint64(region) - 4096; addr < min(last+3*4096, region+8<<20); addr += 8 {
			if _, g := o.find(addr); (g != nil) != starts[addr] {
				t.Fatalf("%s: %#x taken for an mbuf: %v", name, addr, g != nil)
			}
		}
		for _, addr := range []uint64{0, 1, 1<<64 - 1, 1 << 63, objects[0].addr + 1, last + elt, last + 1<<30} {
			if _, g := o.find(addr); g != nil {
				t.Errorf("%s: %#x taken for an mbuf", name, addr)
			}
		}
	}
}

func TestOwnersRefuseIrregularPools(t *testing.T) {
	shifted := hugepageObjects(100)
	shifted[50].addr += 8
	moved := hugepageObjects(100)
	moved[50].iova += 8
	for name, objects := range map[string][]object{"none": nil, "shifted": shifted, "IOVA differs within a page": moved} {
		if _, err := layOutPages(objects, 4, 2176); !errors.Is(err, errPoolShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOwnersKeepTheBooks(t *testing.T) {
	objects := hugepageObjects(3000)
	o := newTestOwners(t, objects)
	for i := range 100 {
		o.give(objects[i*7].addr, i%3)
	}
	if o.holds(0) != 34 || o.holds(1) != 33 || o.holds(2) != 33 || o.heldOf(pool0) != 100 || o.heldOf(1) != 0 {
		t.Fatalf("held: %d, %d, %d, in all %d", o.holds(0), o.holds(1), o.holds(2), o.heldOf(pool0))
	}
	if _, v := o.take(objects[7].addr, 0); v != violationNotOwner {
		t.Errorf("another's mbuf: %v", v)
	}
	if _, v := o.take(objects[1].addr, 0); v != violationNotOwner {
		t.Errorf("nobody's mbuf: %v", v)
	}
	if _, v := o.take(objects[0].addr+8, 0); v != violationNotMbuf {
		t.Errorf("no mbuf: %v", v)
	}
	if g, v := o.take(objects[0].addr, 0); v != violationNone || g.pool != pool0 {
		t.Errorf("own mbuf: %v", v)
	}
	if _, v := o.take(objects[0].addr, 0); v != violationNotOwner {
		t.Errorf("given back twice: %v", v)
	}
	var back []uint64
	o.reclaim(0, func(addr uint64, _ *granule) { back = append(back, addr) })
	var want []uint64
	for i := 3; i < 100; i += 3 {
		want = append(want, objects[i*7].addr)
	}
	if !slices.Equal(back, want) || o.holds(0) != 0 || o.heldOf(pool0) != 66 {
		t.Errorf("reclaimed %d, want %d; %d still held", len(back), len(want), o.heldOf(pool0))
	}
}

func TestRenewLeavesNothingOfTheSecondary(t *testing.T) {
	words := make([]uint64, 1<<13)
	mem := shm.NewMemory(unsafe.Pointer(&words[0]), region, uint64(len(words)*8))
	objects := hugepageObjects(5)
	o := newTestOwners(t, objects)
	addr := objects[2].addr
	m := mem.Mbuf(addr)
	*m = shm.Mbuf{
		BufAddr: 1, BufIOVA: 2, DataOff: 3, Refcnt: 4, NbSegs: 5, Port: 6, OlFlags: 7, PktLen: 8, DataLen: 9,
		BufLen: 10, Pool: 11, Next: 12, TxOffload: 13, PrivSize: 14,
	}
	_, g := o.find(addr)
	o.renew(mem, addr, g, 1, 128, 60)
	want := shm.Mbuf{
		BufAddr: addr + 128, BufIOVA: objects[2].iova + 128, DataOff: 128, Refcnt: 1, NbSegs: 1, Port: 1,
		PktLen: 60, DataLen: 60, BufLen: 2176, Pool: pool0,
	}
	if *m != want {
		t.Errorf("header is\n%+v, want\n%+v", *m, want)
	}
}

func BenchmarkGiveTake(b *testing.B) {
	objects := hugepageObjects(16384)
	o, err := layOutPages(objects, 4, 2176)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		addr := objects[i*97%len(objects)].addr
		o.give(addr, 1)
		o.take(addr, 1)
	}
}

// TestPrimaryHoldsMbufsToo: what the primary keeps is nobody else's to give back.
func TestPrimaryHoldsMbufsToo(t *testing.T) {
	objects := hugepageObjects(10)
	o := newTestOwners(t, objects)
	kept := objects[3].addr
	o.give(kept, o.primary())
	for proc := range 4 {
		if _, broken := o.take(kept, proc); broken != violationNotOwner {
			t.Errorf("proc %d gives it back: %v", proc, broken)
		}
		o.reclaim(proc, func(addr uint64, _ *granule) { t.Errorf("proc %d held %#x", proc, addr) })
	}
	if o.holds(o.primary()) != 1 || o.heldOf(pool0) != 1 {
		t.Errorf("the primary holds %d, all together %d", o.holds(o.primary()), o.heldOf(pool0))
	}
	if _, broken := o.take(kept, o.primary()); broken != violationNone || o.heldOf(pool0) != 0 {
		t.Errorf("taken back: %v", broken)
	}
}
