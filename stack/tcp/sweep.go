package tcp

// sweep is a walk over all connections, a part of it in each turn of the loop.
type sweep struct{ next, end uint32 }

// sweepStep is how many connections a sweep looks at in a turn.
const sweepStep = 256

func (s *sweep) active() bool { return s.next < s.end }

// waits: the sweep has not come to connection i yet.
func (s *sweep) waits(i uint32) bool { return i >= s.next && i < s.end }

// begin starts a sweep over the connections that there are now.
func (t *Transport) begin(s *sweep) { *s = sweep{next: 1, end: t.conns.size() + 1} }

// step calls visit for the next connections.
func (t *Transport) step(s *sweep, visit func(*Transport, uint32, *conn)) {
	for n := 0; n < sweepStep && s.active(); n++ {
		i := s.next
		s.next++
		if c := t.conns.at(i); c.has(inTable) && !c.has(released) {
			visit(t, i, c)
		}
	}
}
