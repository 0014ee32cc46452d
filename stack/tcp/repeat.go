package tcp

import "ringstack/stack/wire"

// repeatNextLost sends the first lost bytes again; false when there is no buffer or no room to split.
func (t *Transport) repeatNextLost(c *conn) bool {
	i := c.sentHead
	for t.sent.at(i).flags&sentLost == 0 {
		i = t.sent.at(i).next
	}
	r := t.sent.at(i)
	if full := t.fullSize(c); r.len() > full {
		// Without room to split, what follows is repeated later with this run's time: rare, and only less exact.
		if !t.split(c, i, r.start+full) {
			return t.repeatPart(c, r, full)
		}
	}
	return t.repeat(c, i)
}

// repeat sends run i, at most a full segment long, again.
func (t *Transport) repeat(c *conn, i uint32) bool {
	r := t.sent.at(i)
	if !t.repeatBytes(c, r.start, r.end) {
		return false
	}
	if r.flags&sentLost != 0 {
		c.lost -= r.len()
	}
	r.flags = r.flags&^sentLost | sentRexmt
	r.at = t.now
	return true
}

// repeatPart sends the first n bytes of a run that cannot be split and counts the whole run as sent.
func (t *Transport) repeatPart(c *conn, r *sent, n uint32) bool {
	if !t.repeatBytes(c, r.start, r.start+n) {
		return false
	}
	c.lost -= r.len()
	r.flags = r.flags&^sentLost | sentRexmt
	r.at = t.now
	return true
}

func (t *Transport) repeatBytes(c *conn, start, end uint32) bool {
	flags := wire.ACK
	n := end - start
	if after(end, c.dataEnd()) {
		flags |= wire.FIN
		n--
	}
	if n > 0 {
		flags |= wire.PSH
	}
	if !t.transmit(c, start, int(n), flags) {
		return false
	}
	t.stats[SndRexmitPack]++
	t.stats[SndRexmitByte] += uint64(n)
	if c.ca != caOpen && !c.rec.undoable && c.rec.out == 0 && c.has(useTS) {
		c.rec.undoable = true
		c.rec.rexmtTS = t.tsClock(c)
	}
	c.rec.out += n
	return true
}
