package cgo

/*
#include <stdint.h>
#include <rte_memory.h>
#include <rte_errno.h>

struct segment { uint64_t addr, len, page, offset; int32_t fd; int32_t socket; };
struct walk { struct segment *seg; int n, max, err; };

// visit appends a memseg, or joins it to the one before when both memory and file go on.
static int visit(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg) {
	struct walk *w = arg;
	size_t offset = 0;
	if (msl->external)
		return 0;
	int fd = rte_memseg_get_fd_thread_unsafe(ms);
	if (fd < 0 || rte_memseg_get_fd_offset_thread_unsafe(ms, &offset) < 0) {
		w->err = rte_errno;
		return -1;
	}
	if (w->n > 0) {
		struct segment *last = &w->seg[w->n - 1];
		if (last->fd == fd && last->addr + last->len == ms->addr_64 && last->offset + last->len == offset) {
			last->len += ms->len;
			return 0;
		}
	}
	if (w->n == w->max) {
		w->err = ENOSPC;
		return -1;
	}
	w->seg[w->n++] = (struct segment){ ms->addr_64, ms->len, ms->hugepage_sz, offset, fd, ms->socket_id };
	return 0;
}

static void *address(uint64_t addr) { return (void *)(uintptr_t)addr; }

static int walk_segments(struct segment *seg, int max) {
	struct walk w = { seg, 0, max, 0 };
	return rte_memseg_walk(visit, &w) < 0 ? -(w.err ? w.err : EIO) : w.n;
}
*/
import "C"

import "unsafe"

// Segment is a stretch of DPDK's memory and the file behind it.
type Segment struct {
	Addr     uint64 // where this process has it mapped
	Len      uint64 // bytes
	PageSize uint64 // bytes
	FD       int    // DPDK's; to be passed on, not closed
	Offset   uint64 // of Addr in the file
	Socket   int
}

// Pointer returns Addr as a pointer.
func (s Segment) Pointer() unsafe.Pointer { return C.address(C.uint64_t(s.Addr)) }

// MaxSegments is how many stretches Segments returns at most.
const MaxSegments = 250

// Segments returns all of DPDK's memory (rte_memseg_walk, rte_memseg_get_fd), neighbours joined.
// More than MaxSegments stretches are ENOSPC: start EAL with --single-file-segments.
func Segments() ([]Segment, error) {
	var raw [MaxSegments]C.struct_segment
	n := C.walk_segments(&raw[0], MaxSegments)
	if err := check(n, "list memory segments"); err != nil {
		return nil, err
	}
	segments := make([]Segment, n)
	for i := range segments {
		s := &raw[i]
		segments[i] = Segment{uint64(s.addr), uint64(s.len), uint64(s.page), int(s.fd), uint64(s.offset), int(s.socket)}
	}
	return segments, nil
}
