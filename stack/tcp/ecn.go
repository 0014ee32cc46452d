package tcp

import "ringstack/stack/wire"

// ecnInput notes congestion marks and the peer's answers to them (RFC 3168 section 6.1).
func (t *Transport) ecnInput(c *conn, s *segment) {
	if !c.has(useECN) {
		return
	}
	if s.has(wire.CWR) {
		c.clear(ecnEcho)
	}
	if s.ecn == wire.ECNCE && len(s.data) > 0 {
		t.stats[ECNCE]++
		c.set(ecnEcho | ackNow)
	}
}

// ecnReduce answers a congestion mark: once in a window (RFC 3168 section 6.1.2).
func (t *Transport) ecnReduce(c *conn) {
	t.stats[ECNCWR]++
	t.reduceOnce(c)
}
