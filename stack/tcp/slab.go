package tcp

const (
	slabShift = 8
	slabSize  = 1 << slabShift
)

// slab holds blocks of one type by number, from 1. Blocks never move, so a *T stays good until its release. T has no
// pointers, so the collector does not look inside.
type slab[T any] struct {
	parts [][]T
	free  []uint32
	used  int
	limit int
}

func newSlab[T any](limit int) slab[T] { return slab[T]{limit: limit} }

func (s *slab[T]) at(i uint32) *T {
	i--
	return &s.parts[i>>slabShift][i%slabSize]
}

// alloc returns a block as its last user left it, or 0 at the limit.
func (s *slab[T]) alloc() uint32 {
	if s.used >= s.limit {
		return 0
	}
	if len(s.free) == 0 {
		s.grow()
	}
	i := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	s.used++
	return i
}

func (s *slab[T]) release(i uint32) {
	s.free = append(s.free, i)
	s.used--
}

func (s *slab[T]) grow() {
	first := uint32(len(s.parts) * slabSize)
	s.parts = append(s.parts, make([]T, slabSize))
	for i := uint32(slabSize); i > 0; i-- {
		s.free = append(s.free, first+i)
	}
}

// size is the number of blocks that exist, used or free: valid numbers are 1 to size.
func (s *slab[T]) size() uint32 { return uint32(len(s.parts) * slabSize) }
