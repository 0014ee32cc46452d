package tcp

import "ringstack/stack/buf"

// run is received bytes past a hole. A connection's runs are in order and neither overlap nor touch.
type run struct {
	start, end uint32
	next       uint32
	stamp      uint64 // grows with each change: SACK reports the latest first
	q          buf.Queue
}

// maxRuns bounds the holes of one connection, and so the chunks that tiny segments can hold.
const maxRuns = 128

// storeRun keeps [seq, seq+len(data)), which begins past RCV.NXT.
func (t *Transport) storeRun(c *conn, seq uint32, data []byte) {
	for len(data) > 0 {
		prev, next := t.findRun(c, seq)
		if prev != 0 && before(seq, t.runs.at(prev).end) {
			n := min(t.runs.at(prev).end-seq, uint32(len(data)))
			t.stats[RcvDupByte] += uint64(n)
			t.touch(t.runs.at(prev))
			c.noteDSACK(seq, seq+n)
			seq, data = seq+n, data[n:]
			continue
		}
		n := uint32(len(data))
		if next != 0 {
			n = min(n, t.runs.at(next).start-seq)
		}
		if !t.extendRun(c, prev, seq, data[:n]) {
			return
		}
		seq, data = seq+n, data[n:]
	}
}

// touch makes r the run changed last.
func (t *Transport) touch(r *run) {
	t.runStamp++
	r.stamp = t.runStamp
}

// findRun returns the last run that begins at or before seq, and the one behind it.
func (t *Transport) findRun(c *conn, seq uint32) (prev, next uint32) {
	for next = c.runs; next != 0; next = t.runs.at(next).next {
		if after(t.runs.at(next).start, seq) {
			break
		}
		prev = next
	}
	return prev, next
}

// extendRun stores bytes of a gap at the end of run prev, if they touch it, or in a new run behind prev; false when there is no room.
func (t *Transport) extendRun(c *conn, prev, seq uint32, data []byte) bool {
	if !t.roomFor(uint32(len(data)) + reserve*buf.ChunkSize/2) {
		t.stats[RcvMemDrop]++
		return false
	}
	i := prev
	if prev == 0 || t.runs.at(prev).end != seq {
		if i = t.newRun(c, prev, seq); i == 0 {
			t.stats[RcvReassFull]++
			return false
		}
	}
	r := t.runs.at(i)
	t.bufs.Append(&r.q, data)
	r.end += uint32(len(data))
	t.touch(r)
	if r.next != 0 && t.runs.at(r.next).start == r.end {
		t.joinRuns(c, r)
	}
	return true
}

func (t *Transport) newRun(c *conn, prev, seq uint32) uint32 {
	if c.nRuns >= maxRuns {
		return 0
	}
	i := t.runs.alloc()
	if i == 0 {
		return 0
	}
	r := t.runs.at(i)
	*r = run{start: seq, end: seq}
	r.q.SetPos(seq)
	if prev == 0 {
		r.next, c.runs = c.runs, i
	} else {
		p := t.runs.at(prev)
		r.next, p.next = p.next, i
	}
	c.nRuns++
	return i
}

// joinRuns appends the run behind r, which it touches.
func (t *Transport) joinRuns(c *conn, r *run) {
	i := r.next
	n := t.runs.at(i)
	t.bufs.Splice(&r.q, &n.q)
	r.end, r.next = n.end, n.next
	t.runs.release(i)
	c.nRuns--
}

// fillFromRuns moves runs that RCV.NXT has reached to the receive queue.
func (t *Transport) fillFromRuns(c *conn) {
	for c.runs != 0 {
		i := c.runs
		r := t.runs.at(i)
		if after(r.start, c.rcvNxt) {
			return
		}
		have := min(c.rcvNxt-r.start, r.end-r.start)
		t.bufs.Consume(&r.q, int(have))
		t.bufs.Splice(&c.rcvQ, &r.q)
		c.rcvNxt = seqMax(c.rcvNxt, r.end)
		c.runs = r.next
		t.runs.release(i)
		c.nRuns--
	}
}

// dropRunsPast drops the runs that reach past the end of the stream, and with them what is before it: the peer contradicts itself, and may
// send that again (RFC 2018 section 8).
func (t *Transport) dropRunsPast(c *conn, end uint32) {
	for link := &c.runs; *link != 0; {
		i := *link
		r := t.runs.at(i)
		if !after(r.end, end) {
			link = &r.next
			continue
		}
		*link = r.next
		t.bufs.Reset(&r.q)
		t.runs.release(i)
		c.nRuns--
	}
}

func (t *Transport) freeRuns(c *conn) {
	for i := c.runs; i != 0; {
		r := t.runs.at(i)
		t.bufs.Reset(&r.q)
		next := r.next
		t.runs.release(i)
		i = next
	}
	c.runs, c.nRuns = 0, 0
}
