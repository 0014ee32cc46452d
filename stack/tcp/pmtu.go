package tcp

import "time"

// Ages of a path MTU (RFC 1191 section 6.3, RFC 8201 section 4).
const (
	mtuAge   = 10 * time.Minute // before a larger one is tried
	mtuCheck = time.Minute      // how often a connection asks whether the IP layer has forgotten one
)

// tooBig takes a smaller path MTU from the IP layer, which has judged the message, and sends again what was too big without taking it
// for congestion (RFC 1191 section 6.5, RFC 8201 section 5.4).
func (t *Transport) tooBig(i uint32, c *conn) {
	mtu := int32(t.net.PathMTU(&c.Route))
	if mtu >= c.MTU {
		return
	}
	t.stats[MTUReduced]++
	c.MTU = mtu
	if !c.state.sending() {
		return
	}
	c.resize()
	if c.flight() > 0 && c.ca == caOpen {
		for j := c.sentHead; j != 0; j = t.sent.at(j).next {
			c.markLost(t.sent.at(j))
		}
		c.sacked = min(c.sacked, c.flight()-c.lost)
		c.rec.point = c.sndNxt
	}
	t.restartRtx(c)
	t.mark(i, c)
	t.schedule(i, c)
}

// resize recomputes the segment size; the congestion window keeps its count of segments at least at one.
func (c *conn) resize() {
	c.setMSS()
	c.cwnd = max(c.cwnd, uint32(c.mss))
}

// renewMTU takes the MTU that the IP layer knows now: a larger one when the last too-big message is old, or another one when routes have
// changed.
func (t *Transport) renewMTU(c *conn) {
	c.mtuAt = t.now + mtuCheck
	c.MTU = int32(t.net.PathMTU(&c.Route))
	c.resize()
}

// blackholeProbe makes segments smaller when full ones keep getting lost and no ICMP error tells why (RFC 4821 section 7.7, much
// simplified).
func (t *Transport) blackholeProbe(c *conn) {
	if c.backoff < 3 {
		return
	}
	small := 1200 + headers(&c.Route)
	if c.backoff >= 5 {
		small = 536 + headers(&c.Route)
	}
	if small >= c.MTU || int32(t.sent.at(c.sentHead).len())+headers(&c.Route) <= small {
		return
	}
	t.stats[PMTUDBlackhole]++
	c.MTU = small
	c.mtuAt = t.now + mtuAge<<min(c.blackholes, 4) // to try costs timeouts: less and less often
	c.blackholes++
	c.resize()
}
