package shm_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"ringstack/shm"
)

const page = 4096

// memfd makes a file of n pages; the first byte of page i is i.
func memfd(t *testing.T, n int) int {
	t.Helper()
	fd, err := unix.MemfdCreate("shm.test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	content := make([]byte, n*page)
	for i := range n {
		content[i*page] = byte(i)
	}
	if _, err := unix.Pwrite(fd, content, 0); err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestMapTranslatesByOneAddition(t *testing.T) {
	a, b := memfd(t, 4), memfd(t, 8)
	const base = 0x1_0020_0000
	segments := []shm.Segment{
		{Addr: base, Len: 2 * page, PageSize: page, FD: 0, Offset: page},
		{Addr: base + 16*page, Len: 3 * page, PageSize: page, FD: 1, Offset: 5 * page}, // after a gap
		{Addr: base + 19*page, Len: page, PageSize: 2 << 20, FD: 0},                    // hugepages ask for alignment
	}
	mem, err := shm.Map(segments, []int{a, b})
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[uint64]byte{
		base: 1, base + page: 2, base + 16*page: 5, base + 18*page: 7, base + 19*page: 0,
	} {
		if got := mem.Bytes(addr, 1)[0]; got != want {
			t.Errorf("%#x holds %d, want %d", addr, got, want)
		}
	}
	if (uintptr(mem.At(base))-base)%(2<<20) != 0 {
		t.Errorf("%#x is mapped at %p: not aligned to the largest page", base, mem.At(base))
	}
	mem.Bytes(base+page, 1)[0] = 77
	var through [1]byte
	if _, err := unix.Pread(a, through[:], 2*page); err != nil || through[0] != 77 {
		t.Errorf("a write did not reach the file: %d, %v", through[0], err)
	}
	if err := mem.Unmap(); err != nil {
		t.Error(err)
	}
}

// TestUnmapLeavesNothing maps again and again: what stays is what a program that outlives its
// primaries loses with each.
func TestUnmapLeavesNothing(t *testing.T) {
	fd := memfd(t, 4)
	good := shm.Segment{Addr: 0x1_0020_0000, Len: page, PageSize: 1 << 30}
	mapAndUnmap := func() {
		mem, err := shm.Map([]shm.Segment{good}, []int{fd})
		if err != nil {
			t.Fatal(err)
		}
		if err := mem.Unmap(); err != nil {
			t.Fatal(err)
		}
		bad := shm.Segment{Addr: good.Addr + page, Len: page, PageSize: page, FD: 1}
		if _, err := shm.Map([]shm.Segment{good, bad}, []int{fd, -1}); err == nil {
			t.Fatal("mapped a closed descriptor")
		}
	}
	mapAndUnmap()
	before := addressSpace(t)
	const n = 20
	for range n {
		mapAndUnmap()
	}
	if grown := addressSpace(t) - before; grown > n<<29 {
		t.Errorf("%d MB of address space more after %d times", grown>>20, n)
	}
}

// addressSpace returns the bytes of this process's address space.
func addressSpace(t *testing.T) (bytes int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var pages int
	if _, err := fmt.Sscan(string(text), &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func TestMapRefusesBadSegments(t *testing.T) {
	fd := memfd(t, 4)
	good := shm.Segment{Addr: 0x100000, Len: page, PageSize: page}
	for name, segments := range map[string][]shm.Segment{
		"none":            nil,
		"no length":       {{Addr: 0x100000, PageSize: page}},
		"wraps around":    {{Addr: 1<<64 - page, Len: 2 * page, PageSize: page}},
		"no page size":    {{Addr: 0x100000, Len: page}},
		"odd page size":   {{Addr: 0x100000, Len: page, PageSize: 3 * page}},
		"no such file":    {{Addr: 0x100000, Len: page, PageSize: page, FD: 1}},
		"negative file":   {{Addr: 0x100000, Len: page, PageSize: page, FD: -1}},
		"overlap":         {good, good},
		"out of order":    {{Addr: 0x200000, Len: page, PageSize: page}, good},
		"impossibly wide": {good, {Addr: 1 << 50, Len: page, PageSize: page}},
	} {
		if _, err := shm.Map(segments, []int{fd}); !errors.Is(err, shm.ErrBadSegment) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := shm.Map([]shm.Segment{good}, []int{int(os.Stdin.Fd()) + 5000}); !errors.Is(err, unix.EBADF) {
		t.Errorf("closed descriptor: %v", err)
	}
}

func TestContains(t *testing.T) {
	mem := heap(64)
	for _, c := range []struct {
		addr, n uint64
		want    bool
	}{
		{base, 0, true}, {base, 512, true}, {base, 513, false}, {base + 511, 1, true}, {base + 512, 0, false},
		{base - 1, 1, false}, {0, 1, false}, {1<<64 - 1, 2, false}, {base + 8, 1<<64 - 8, false},
	} {
		if got := mem.Contains(c.addr, c.n); got != c.want {
			t.Errorf("%d bytes at %#x: %v", c.n, c.addr, got)
		}
	}
}

const base = 0x4000_0000

// heap makes memory of n words that is mapped in one process only.
func heap(n int) *shm.Memory {
	words := make([]uint64, n)
	return shm.NewMemory(unsafe.Pointer(&words[0]), base, uint64(8*n))
}

func TestControlBlock(t *testing.T) {
	const procs, epoch = 3, 42
	size := shm.ControlSize(procs)
	mem := heap(int(size / 8))
	mem.InitControl(base, procs, epoch)
	h, err := mem.Control(base, epoch)
	if err != nil {
		t.Fatal(err)
	}
	if h.MaxProcs != procs || h.Leader != shm.NoLeader {
		t.Errorf("header: %+v", h)
	}
	for i := range procs {
		slot := mem.Slot(base, i)
		if off := uint64(uintptr(unsafe.Pointer(slot)) - uintptr(mem.At(base))); off%64 != 0 || off+uint64(unsafe.Sizeof(*slot)) > size {
			t.Errorf("slot %d is at %d in a block of %d bytes", i, off, size)
		}
		slot.Loops = uint64(i + 1)
	}
	mem.Slot(base, 1).Reset()
	if mem.Slot(base, 0).Loops != 1 || mem.Slot(base, 1).Loops != 0 || mem.Slot(base, 2).Loops != 3 {
		t.Error("a reset goes beyond its slot, or not as far")
	}
	for name, spoil := range map[string]func(){
		"epoch":   func() { h.Epoch++ },
		"version": func() { h.Version++ },
		"magic":   func() { h.Magic++ },
	} {
		mem.InitControl(base, procs, epoch)
		spoil()
		if _, err := mem.Control(base, epoch); !errors.Is(err, shm.ErrLayout) || !strings.Contains(err.Error(), name) {
			t.Errorf("wrong %s: %v", name, err)
		}
	}
	if _, err := mem.Control(base+size, epoch); !errors.Is(err, shm.ErrLayout) {
		t.Errorf("outside the memory: %v", err)
	}
}

func TestCacheLinesHaveOneWriter(t *testing.T) {
	var h shm.Header
	var s shm.Slot
	for name, off := range map[string]uintptr{
		"header size":       unsafe.Sizeof(h),
		"primary's sleep":   unsafe.Offsetof(h.Sleep),
		"slot size":         unsafe.Sizeof(s),
		"slot's counters":   unsafe.Offsetof(s.Loops),
		"secondary's sleep": unsafe.Offsetof(s.Sleep),
	} {
		if off%64 != 0 {
			t.Errorf("%s is %d, not a multiple of a cache line", name, off)
		}
	}
}

func TestFrameLiesBehindTheHeader(t *testing.T) {
	mem := heap(64)
	m := mem.Mbuf(base)
	m.DataOff = 10
	frame := mem.Frame(base, 10, 4)
	copy(frame, "abcd")
	if got := string(mem.Bytes(base+shm.MbufSize+10, 4)); got != "abcd" {
		t.Errorf("the frame holds %q", got)
	}
}
