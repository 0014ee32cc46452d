package tcp

import (
	"encoding/binary"

	"ringstack/stack/wire"
)

// noteDSACK remembers a duplicate for the next acknowledgement (RFC 2883).
func (c *conn) noteDSACK(start, end uint32) {
	if c.has(useSACK) && start != end {
		c.set(dsackDue)
		c.dsack = [2]uint32{start, end}
	}
}

// sackBlocks is the number of blocks that the next segment carries.
func (c *conn) sackBlocks() int {
	if c.runs == 0 && !c.has(dsackDue) || !c.has(useSACK) {
		return 0
	}
	n := int(c.nRuns)
	if c.has(dsackDue) {
		n++
	}
	if c.has(useTS) {
		return min(n, 3)
	}
	return min(n, 4)
}

func (c *conn) sackLen() int {
	if n := c.sackBlocks(); n > 0 {
		return 4 + 8*n
	}
	return 0
}

// putSACK writes a duplicate first, then the runs, the last changed first (RFC 2018 section 4).
func (t *Transport) putSACK(c *conn, b []byte) {
	t.stats[SackSendBlocks]++
	b[0], b[1], b[2], b[3] = 1, 1, 5, uint8(len(b)-2)
	b = b[4:]
	if c.has(dsackDue) {
		t.stats[DSackSent]++
		b = putBlock(b, wire.SackBlock{Start: c.dsack[0], End: c.dsack[1]})
	}
	for older := t.runStamp + 1; len(b) > 0; {
		r := t.newestRun(c, older)
		b = putBlock(b, wire.SackBlock{Start: r.start, End: r.end})
		older = r.stamp
	}
}

func putBlock(b []byte, s wire.SackBlock) []byte {
	binary.BigEndian.PutUint32(b, s.Start)
	binary.BigEndian.PutUint32(b[4:], s.End)
	return b[8:]
}

// newestRun returns the run changed last of those changed before stamp older. Stamps differ.
func (t *Transport) newestRun(c *conn, older uint64) (best *run) {
	for i := c.runs; i != 0; i = t.runs.at(i).next {
		if r := t.runs.at(i); r.stamp < older && (best == nil || r.stamp > best.stamp) {
			best = r
		}
	}
	return best
}
