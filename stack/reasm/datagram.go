package reasm

import "ringstack/stack/wire"

// Key names a datagram.
type Key struct {
	Src, Dst wire.Addr
	ID       uint32
	Proto    uint8 // IPv4; 0 in IPv6
	Port     uint16
}

// Fragment is a piece of a datagram. Its slices are read during Add only.
type Fragment struct {
	Key
	Offset int // bytes
	More   bool
	ECN    uint8
	Data   []byte
	// Of the first fragment: the IP header, in IPv6 with the extension headers before the
	// fragment header, whose type stands at NextAt and is to become Next.
	Header []byte
	NextAt int
	Next   uint8
}

type span struct{ start, end uint16 }

type datagram struct {
	key        Key
	next       uint32 // in the hash chain or free list; 0: end
	older      uint32 // in order of age; 0: none
	newer      uint32
	total      int // bytes of the fragmentable part, -1: not known yet
	have       int // bytes
	nSpans     int
	spans      [maxRanges]span
	chunks     [chunksOfFull]uint16 // 0: none
	dead       bool                 // given up, kept to drop what follows
	nextHeader uint8
	nextAt     uint8
	headerLen  uint8 // 0: the first fragment has not come
	ecn        uint8 // bit 1<<n: a fragment had ECN field n
	header     [maxHeader]byte
}

// place finds where [start, end) goes among the spans. free: nothing of it has come. index is then that
// of the first span behind it, otherwise that of a span that it meets.
func (d *datagram) place(start, end int) (index int, free bool) {
	for i := d.nSpans - 1; i >= 0; i-- { // fragments come in order mostly
		if s := d.spans[i]; start >= int(s.end) {
			return i + 1, true
		} else if end > int(s.start) {
			return i, false
		}
	}
	return 0, true
}

// insert adds [start, end) before span i, and joins it to neighbours that it touches. false: no room.
func (d *datagram) insert(i int, start, end int) bool {
	left := i > 0 && int(d.spans[i-1].end) == start
	right := i < d.nSpans && int(d.spans[i].start) == end
	switch {
	case left && right:
		d.spans[i-1].end = d.spans[i].end
		copy(d.spans[i:], d.spans[i+1:d.nSpans])
		d.nSpans--
	case left:
		d.spans[i-1].end = uint16(end)
	case right:
		d.spans[i].start = uint16(start)
	case d.nSpans == maxRanges:
		return false
	default:
		copy(d.spans[i+1:], d.spans[i:d.nSpans])
		d.spans[i] = span{uint16(start), uint16(end)}
		d.nSpans++
	}
	d.have += end - start
	return true
}

// reach is the end of the last byte that has come.
func (d *datagram) reach() int {
	if d.nSpans == 0 {
		return 0
	}
	return int(d.spans[d.nSpans-1].end)
}

// fits reports whether [start, end), the last piece unless more, agrees with the known end of the datagram.
func (d *datagram) fits(end int, more bool) bool {
	if !more {
		return d.reach() <= end && (d.total < 0 || d.total == end)
	}
	return d.total < 0 || end <= d.total
}

func (d *datagram) complete() bool { return d.total >= 0 && d.have == d.total && d.headerLen > 0 }
