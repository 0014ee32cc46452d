package native

import "ringstack/secondary/engine"

// notice is a call of ready that is due.
type notice struct {
	ready func(engine.Ready)
	what  engine.Ready
}

// SetReady makes the loop call f when the socket has become ready for what a call that does not wait returned syscall.EAGAIN for, once
// for each such direction. nil: nothing is called any more.
func (s *base) SetReady(f func(engine.Ready)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = f
}

// wakeReader wakes who waits for something to read. It belongs to the loop; the lock is held.
func (s *base) wakeReader() {
	s.host.wakeLater(&s.in)
	s.notify(wantRead, engine.Readable)
}

// wakeWriter wakes who waits for room. It belongs to the loop; the lock is held.
func (s *base) wakeWriter() {
	s.host.wakeLater(&s.out)
	s.notify(wantWrite, engine.Writable)
}

// tellTooLate makes the loop call ready where a call has not waited on a side whose deadline has now passed. The lock is held.
func (s *base) tellTooLate(side *side) {
	switch {
	case side == &s.in && s.has(wantRead):
		s.host.requests.add(order(func() {
			s.mu.Lock()
			s.wakeReader()
			s.mu.Unlock()
		}))
	case side == &s.out && s.has(wantWrite):
		s.host.requests.add(order(func() {
			s.mu.Lock()
			s.wakeWriter()
			s.mu.Unlock()
		}))
	}
}

func (s *base) notify(wish flags, what engine.Ready) {
	if s.has(wish) {
		s.clear(wish)
		if s.ready != nil {
			s.host.notices = append(s.host.notices, notice{s.ready, what})
		}
	}
}

// tellReady calls all whose sockets have become ready. No lock is held.
func (h *host) tellReady() {
	for i, n := range h.notices {
		h.notices[i] = notice{}
		n.ready(n.what)
	}
	h.notices = h.notices[:0]
}
