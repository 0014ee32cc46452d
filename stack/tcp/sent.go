package tcp

import "time"

// sent is a run of sequence numbers that were sent together: what RACK calls a segment (RFC 8985 section 5.1), joined for all
// segments of one turn. SACK and retransmission split runs.
type sent struct {
	start, end uint32
	next       uint32
	flags      uint8
	at         time.Duration // last transmission
}

const (
	sentRexmt  uint8 = 1 << iota // sent more than once
	sentSacked                   // the peer holds it
	sentLost                     // deemed lost and not sent again yet
	sentVague                    // several turns joined: no round-trip sample
)

// maxSent bounds the runs of one connection, so that odd SACK blocks cannot make it long. Beyond, new data joins the last run
// and SACK blocks that would split a run are ignored: SACK is advisory.
const maxSent = 1024

func (s *sent) len() uint32 { return s.end - s.start }

// canRecord: there is room to note what is sent next.
func (t *Transport) canRecord(c *conn) bool {
	return c.nSent < maxSent && t.sent.used < t.sent.limit || c.sentTail != 0 && t.sent.at(c.sentTail).fresh()
}

// fresh: sent once, and nothing is known of it yet.
func (s *sent) fresh() bool { return s.flags&^sentVague == 0 }

// record notes that [start, end) was sent for the first time: in the last run if that was sent in the same turn, or if there is
// no room for another.
func (t *Transport) record(c *conn, start, end uint32) {
	if c.sentTail != 0 {
		last := t.sent.at(c.sentTail)
		if last.at == t.now && last.fresh() {
			last.end = end
			return
		}
	}
	i := t.newSent(c, sent{start: start, end: end, at: t.now})
	switch {
	case i == 0:
		last := t.sent.at(c.sentTail)
		last.end, last.at = end, t.now
		last.flags |= sentVague
		return
	case c.sentTail == 0:
		c.sentHead = i
		c.progress = t.now
	default:
		t.sent.at(c.sentTail).next = i
	}
	c.sentTail = i
}

func (t *Transport) newSent(c *conn, r sent) uint32 {
	if c.nSent >= maxSent {
		return 0
	}
	i := t.sent.alloc()
	if i != 0 {
		*t.sent.at(i) = r
		c.nSent++
	}
	return i
}

// split cuts run r at seq, which lies inside it; false when there is no room for one more run.
func (t *Transport) split(c *conn, i uint32, seq uint32) bool {
	r := t.sent.at(i)
	tail := *r
	tail.start = seq
	j := t.newSent(c, tail)
	if j == 0 {
		return false
	}
	r.end, r.next = seq, j
	if c.sentTail == i {
		c.sentTail = j
	}
	return true
}

// cutSent drops what ack covers, taking round-trip samples and RACK's news from it.
func (t *Transport) cutSent(c *conn, ack uint32) {
	sample := time.Duration(-1)
	for c.sentHead != 0 {
		i := c.sentHead
		r := t.sent.at(i)
		if !after(ack, r.start) {
			break
		}
		end := seqMin(ack, r.end)
		n := end - r.start
		if r.flags&sentSacked == 0 {
			t.arrived(c, r, end)
			t.ack.delivered += n
			if r.flags&(sentRexmt|sentVague) == 0 {
				sample = t.now - r.at
			}
		}
		c.discount(r, n)
		if end != r.end {
			r.start = end
			break
		}
		c.sentHead = r.next
		c.nSent--
		t.sent.release(i)
	}
	if c.sentHead == 0 {
		c.sentTail = 0
	}
	t.sampleAck(c, sample)
}

// discount takes n bytes of r out of the sums of its kind.
func (c *conn) discount(r *sent, n uint32) {
	if r.flags&sentSacked != 0 {
		c.sacked -= n
	}
	if r.flags&sentLost != 0 {
		c.lost -= n
	}
}

// sampleAck takes the sample of bytes sent once (Karn), else that of the echoed timestamp (RFC 7323 section 4.1).
func (t *Transport) sampleAck(c *conn, sample time.Duration) {
	if sample < 0 && c.has(useTS) && t.seg.opts.HasTS && t.seg.opts.TSEcr != 0 {
		if ms := t.tsClock(c) - t.seg.opts.TSEcr; ms < 1<<20 {
			sample = time.Duration(max(ms, 1)) * time.Millisecond
		}
	}
	if sample >= 0 {
		t.rttSample(c, sample)
	}
}

func (t *Transport) freeSent(c *conn) {
	for i := c.sentHead; i != 0; {
		next := t.sent.at(i).next
		t.sent.release(i)
		i = next
	}
	c.sentHead, c.sentTail, c.nSent, c.sacked, c.lost = 0, 0, 0, 0, 0
}

// markLost deems a run lost.
func (c *conn) markLost(r *sent) {
	if r.flags&(sentLost|sentSacked) == 0 {
		r.flags |= sentLost
		c.lost += r.len()
	}
}
