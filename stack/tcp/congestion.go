package tcp

// controller is a congestion control algorithm. It keeps its state in the connection, so one value serves all.
type controller interface {
	// avoid grows the window in congestion avoidance for acked bytes.
	avoid(t *Transport, c *conn, acked uint32)
	// reduced returns the slow start threshold after a sign of congestion.
	reduced(c *conn, flight uint32) uint32
	// timeout and idle tell of a retransmission timeout and of sending after a pause.
	timeout(c *conn)
	idle(c *conn)
}

var controllers = [...]controller{Cubic: cubic{}, NewReno: newReno{}}

const maxCwnd = 1 << 29

// initialWindow is that of RFC 6928 section 2.
func initialWindow(mss uint32) uint32 { return min(10*mss, max(2*mss, 14600)) }

// grow opens the congestion window for what the present acknowledgement covers, if the window was what held output back.
func (t *Transport) grow(c *conn) {
	acked := t.ack.acked
	if c.cwnd < c.ssthresh {
		// Slow start (RFC 5681 section 3.1). A peer that acknowledges many segments at once must not slow it, so bytes count, not
		// acknowledgements (RFC 3465).
		if !c.has(cwndLimited) && 2*(c.flight()+acked) < c.cwnd {
			return
		}
		n := min(acked, c.ssthresh-c.cwnd)
		c.cwnd = min(c.cwnd+n, maxCwnd)
		acked -= n
	}
	if acked > 0 && c.has(cwndLimited) {
		controllers[c.controller].avoid(t, c, acked)
		c.cwnd = min(c.cwnd, maxCwnd)
	}
}

// reduced is the slow start threshold after congestion; SACKed and lost bytes count as in flight (RFC 5681 equation 4).
func (t *Transport) reduced(c *conn) uint32 {
	return max(controllers[c.controller].reduced(c, min(c.flight()+t.ack.acked, c.cwnd)), 2*uint32(c.mss))
}

func (t *Transport) congestionTimeout(c *conn) { controllers[c.controller].timeout(c) }

// restartIdle takes the window back to the initial one after a pause (RFC 5681 section 4.1).
func (t *Transport) restartIdle(c *conn) {
	if t.now-c.lastSend > c.rto {
		c.cwnd = min(c.cwnd, initialWindow(uint32(c.mss)))
		controllers[c.controller].idle(c)
	}
}
