package tcp

import "time"

// rackState is RACK's (RFC 8985 section 5.2).
type rackState struct {
	at         time.Duration // when the latest-sent bytes known to have arrived were sent
	rtt        time.Duration
	wait       time.Duration // reordering timer wanted by the last detection; 0: none
	end        uint32
	fack       uint32 // highest sequence number known to have arrived
	dsackRound uint32
	mult       uint8
	persist    uint8
}

// dupThresh is the count of segments that stands for a loss (RFC 5681, RFC 6675).
const dupThresh = 3

// rackPersist is for how many recoveries a widened reordering window is kept (RFC 8985 section 6.2).
const rackPersist = 16

// arrived notes that the part of r up to end reached the peer (RFC 8985 section 6.2, steps 2 and 3).
func (t *Transport) arrived(c *conn, r *sent, end uint32) {
	rtt := t.now - r.at
	if r.flags&sentRexmt != 0 {
		// Which transmission arrived? Not the last one, if it is acknowledged sooner than possible.
		opts := &t.seg.opts
		if c.has(useTS) && opts.HasTS && before(opts.TSEcr, tsAt(c, r.at)) || rtt < c.minRTT {
			return
		}
	} else if before(end, c.rack.fack) {
		c.set(reordered)
	}
	c.rack.fack = seqMax(c.rack.fack, end)
	c.rack.rtt = rtt
	if sentAfter(r.at, end, c.rack.at, c.rack.end) {
		c.rack.at, c.rack.end = r.at, end
	}
}

func sentAfter(t1 time.Duration, end1 uint32, t2 time.Duration, end2 uint32) bool {
	return t1 > t2 || t1 == t2 && after(end1, end2)
}

// reoWindow is how much later than RACK's segment an older one may arrive (RFC 8985 section 6.2, step 4).
func (c *conn) reoWindow() time.Duration {
	if !c.has(reordered) && (c.ca != caOpen || c.sacked >= dupThresh*uint32(c.mss)) {
		return 0
	}
	return min(c.minRTT/4*time.Duration(max(c.rack.mult, 1)), c.srtt)
}

// widenOnDSACK adapts the window to reordering that caused needless retransmissions.
func (t *Transport) widenOnDSACK(c *conn) {
	if t.ack.dsack && !before(c.sndUna, c.rack.dsackRound) {
		c.rack.dsackRound = c.sndNxt
		c.rack.mult = min(max(c.rack.mult, 1)+1, 255-1)
		c.rack.persist = rackPersist
	}
}

// settle is called at the end of each recovery.
func (r *rackState) settle() {
	if r.persist > 0 {
		if r.persist--; r.persist == 0 {
			r.mult = 1
		}
	}
}

// rackDetect marks what is lost (RFC 8985 section 6.2, step 5) and says when to look again.
func (t *Transport) rackDetect(c *conn) {
	c.rack.wait = 0
	if c.rack.at == 0 && c.rack.end == 0 {
		return
	}
	wnd := c.reoWindow()
	for i := c.sentHead; i != 0; i = t.sent.at(i).next {
		r := t.sent.at(i)
		if r.flags&(sentSacked|sentLost) != 0 {
			continue
		}
		// Runs sent once are in order of time: behind the first that is too young only repeated ones could be older, and they are not.
		if r.flags&sentRexmt == 0 && r.at > c.rack.at {
			return
		}
		if !sentAfter(c.rack.at, c.rack.end, r.at, r.end) {
			continue
		}
		if wait := r.at + c.rack.rtt + wnd - t.now; wait > 0 {
			c.rack.wait = max(c.rack.wait, wait)
		} else {
			c.markLost(r)
		}
	}
}
