package tcp

import "ringstack/stack/wire"

// sackInput notes what the peer says it holds (RFC 2018, RFC 2883).
func (t *Transport) sackInput(c *conn, s *segment) {
	if !c.has(useSACK) || s.opts.NSack == 0 {
		return
	}
	blocks := s.opts.Sack[:s.opts.NSack]
	if isDSACK(blocks, s.ack) {
		t.stats[DSackRcvd]++
		t.ack.dsack = !before(blocks[0].Start, c.sndUna-c.maxSndWnd)
		blocks = blocks[1:]
	}
	sortBlocks(blocks)
	for _, b := range blocks {
		switch {
		case !before(b.Start, b.End) || after(b.End, c.sndNxt) || before(b.Start, s.ack):
			t.stats[SackBadBlocks]++
		case after(b.End, c.sndUna):
			t.stats[SackRcvBlocks]++
			t.markSacked(c, b.Start, b.End)
		}
	}
}

// isDSACK: the first block reports a duplicate when it lies below the acknowledgement or inside the second block
// (RFC 2883 section 4).
func isDSACK(b []wire.SackBlock, ack uint32) bool {
	if before(b[0].Start, ack) {
		return !after(b[0].End, ack) && before(b[0].Start, b[0].End)
	}
	return len(b) > 1 && !before(b[0].Start, b[1].Start) && !after(b[0].End, b[1].End)
}

func sortBlocks(b []wire.SackBlock) {
	for i := 1; i < len(b); i++ {
		for j := i; j > 0 && before(b[j].Start, b[j-1].Start); j-- {
			b[j], b[j-1] = b[j-1], b[j]
		}
	}
}

// markSacked notes that the peer holds [start, end), splitting runs at its ends and joining neighbours that it holds.
func (t *Transport) markSacked(c *conn, start, end uint32) {
	prev := uint32(0)
	for i := c.sentHead; i != 0; {
		r := t.sent.at(i)
		if !after(end, r.start) {
			return
		}
		if after(r.end, start) && r.flags&sentSacked == 0 && !t.sackRun(c, i, start, end) {
			t.stats[SackFull]++
			return
		}
		i = t.joinSacked(c, prev, i)
		prev, i = i, t.sent.at(i).next
	}
}

// sackRun marks the part of run i that lies in [start, end); false when the run could not be split. A run of which only the
// end is covered is split so that the covered part comes next in the list.
func (t *Transport) sackRun(c *conn, i, start, end uint32) bool {
	r := t.sent.at(i)
	if before(r.start, start) {
		return t.split(c, i, start)
	}
	if after(r.end, end) && !t.split(c, i, end) {
		return false
	}
	t.arrived(c, r, r.end)
	n := r.len()
	t.ack.delivered += n
	c.discount(r, n)
	r.flags = r.flags&^sentLost | sentSacked
	c.sacked += n
	return true
}

// joinSacked merges run i into the one before it when the peer holds both, and returns the run that then ends where i did.
func (t *Transport) joinSacked(c *conn, prev, i uint32) uint32 {
	if prev == 0 {
		return i
	}
	p, r := t.sent.at(prev), t.sent.at(i)
	if p.flags&r.flags&sentSacked == 0 {
		return i
	}
	p.end, p.next = r.end, r.next
	if c.sentTail == i {
		c.sentTail = prev
	}
	c.nSent--
	t.sent.release(i)
	return prev
}

// reneged forgets all SACK news (RFC 2018 section 8): the peer acknowledged up to bytes that it once said it held.
func (t *Transport) reneged(c *conn) {
	for i := c.sentHead; i != 0; i = t.sent.at(i).next {
		t.sent.at(i).flags &^= sentSacked
	}
	c.sacked = 0
}
