package dispatch

import "slices"

// maxSpans is in how many separate pieces a datagram may have come; a piece
// too many is not remembered. 45 fragments, as many as 64 KB make on Ethernet,
// lie in 23 at most.
const maxSpans = 24

// coverage is which bytes of a datagram have come.
type coverage struct {
	total uint16 // of the whole datagram; 0 until its last fragment has come
	n     uint8
	spans [maxSpans]span // in order; they do not touch
}

type span struct{ start, end uint16 }

// add notes a fragment.
func (c *coverage) add(p *Packet) {
	if !p.fragMore {
		c.total = p.fragEnd
	}
	s := span{p.fragStart, p.fragEnd}
	spans := c.spans[:c.n]
	from := 0
	for from < len(spans) && spans[from].end < s.start {
		from++
	}
	to := from
	for to < len(spans) && spans[to].start <= s.end {
		s = span{min(s.start, spans[to].start), max(s.end, spans[to].end)}
		to++
	}
	if from == to && len(spans) == maxSpans {
		return
	}
	c.n = uint8(len(slices.Replace(spans, from, to, s)))
}

// complete reports whether all has come.
func (c *coverage) complete() bool {
	return c.n == 1 && c.spans[0] == span{0, c.total}
}
