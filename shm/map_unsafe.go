package shm

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrBadSegment is returned by Map for a list of segments that cannot be mapped.
var ErrBadSegment = errors.New("bad memory segment")

// maxSpan bounds what Map reserves; address space costs nothing, but a wrong list should not pass.
const maxSpan = 1 << 44

// Map maps the segments from their files, fds[s.FD] for segment s, at any free place of this
// process's address space. The descriptors stay the caller's and may be closed after it.
func Map(segments []Segment, fds []int) (*Memory, error) {
	start, size, align, err := span(segments, len(fds))
	if err != nil {
		return nil, err
	}
	// Reserve room for the whole span, so that one addition translates every address.
	room, err := unix.MmapPtr(-1, 0, nil, uintptr(size+align), unix.PROT_NONE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("reserve %d bytes of address space: %w", size+align, err)
	}
	shift := (start - uint64(uintptr(room))) & (align - 1)
	m := &Memory{base: unsafe.Add(room, shift), start: start, size: size, room: room, roomSize: uintptr(size + align)}
	for i, s := range segments {
		_, err := unix.MmapPtr(fds[s.FD], int64(s.Offset), m.At(s.Addr), uintptr(s.Len),
			unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_FIXED)
		if err != nil {
			err = fmt.Errorf("map segment %d (%d bytes at %#x): %w", i, s.Len, s.Addr, err)
			return nil, errors.Join(err, m.Unmap())
		}
	}
	return m, nil
}

// Unmap ends the mapping that Map made. Nothing may point into the memory any more.
func (m *Memory) Unmap() error {
	if err := unix.MunmapPtr(m.room, m.roomSize); err != nil {
		return fmt.Errorf("unmap shared memory: %w", err)
	}
	return nil
}

// span checks the segments and returns their lowest address, the bytes from there to their
// end, and the largest page size, to which the mapping has to be aligned.
func span(segments []Segment, nfds int) (start, size, align uint64, err error) {
	if len(segments) == 0 {
		return 0, 0, 0, fmt.Errorf("%w: none given", ErrBadSegment)
	}
	start = segments[0].Addr
	var end uint64
	for i, s := range segments {
		if s.Len == 0 || s.Addr+s.Len < s.Addr || s.FD < 0 || s.FD >= nfds ||
			s.PageSize == 0 || s.PageSize&(s.PageSize-1) != 0 || s.Addr < end {
			return 0, 0, 0, fmt.Errorf("%w: number %d: %+v", ErrBadSegment, i, s)
		}
		end = s.Addr + s.Len
		align = max(align, s.PageSize)
	}
	if end-start > maxSpan {
		return 0, 0, 0, fmt.Errorf("%w: they span %d bytes", ErrBadSegment, end-start)
	}
	return start, end - start, align, nil
}
