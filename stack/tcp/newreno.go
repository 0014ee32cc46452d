package tcp

// newReno is the congestion avoidance of RFC 5681 section 3.1.
type newReno struct{}

func (newReno) avoid(_ *Transport, c *conn, acked uint32) {
	c.ccBytes += acked
	if c.ccBytes >= c.cwnd {
		c.ccBytes -= c.cwnd
		c.cwnd += uint32(c.mss)
	}
}

func (newReno) reduced(_ *conn, flight uint32) uint32 { return flight / 2 }
func (newReno) timeout(c *conn)                       { c.ccBytes = 0 }
func (newReno) idle(c *conn)                          { c.ccBytes = 0 }
