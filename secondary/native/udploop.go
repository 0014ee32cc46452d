package native

import (
	"syscall"

	"ringstack/stack"
)

// The loop's side of a udpConn: what the stack tells of it, and what the application wants.

// datagram implements socket.
func (s *udpConn) datagram(d *stack.Datagram) {
	h := s.host
	from := endpoint{d.Remote, d.RemotePort}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.has(closed):
	case s.in.sleeper != nil && s.rx.n == 0:
		s.in.done = copy(s.in.buf, d.Data)
		s.from = from
		s.set(filled)
		h.wakeLater(&s.in)
	case h.overBudget() || !s.rx.add(d.Data, from):
		h.fullSock++
	default:
		h.charge(datagramHeader + len(d.Data))
		s.wakeReader()
	}
}

// failed implements socket. Only a connected socket hears of errors (RFC 1122 section 4.1.3.3).
func (s *udpConn) failed(errno syscall.Errno) {
	if s.remote != (endpoint{}) && errno != syscall.EMSGSIZE {
		s.mu.Lock()
		s.fail(errno)
		s.mu.Unlock()
	}
}

// fail keeps an error for the next call.
func (s *udpConn) fail(errno syscall.Errno) {
	s.err = errno
	s.wakeReader()
}

// serve sends what is written.
func (s *udpConn) serve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear(asked)
	if s.has(gone) {
		return
	}
	for s.tx.n > 0 {
		if !s.sendNext() {
			s.set(asked) // the loop looks again without being asked
			s.host.unsent = append(s.host.unsent, s)
			return
		}
		s.wakeWriter()
	}
	if s.has(closed) {
		s.set(gone)
		s.host.sockets.drop(uint64(s.id))
		s.host.stack.CloseUDP(s.id)
	}
}

// sendNext gives the stack the first datagram; false: the Device has no buffer now. The stack may call back, so
// the lock, which is held before and after, is not held meanwhile.
func (s *udpConn) sendNext() bool {
	h, d := s.host, &s.host.datagram
	n, to := s.tx.header()
	if cap(h.payload) < n {
		h.payload = make([]byte, max(n, 2048))
	}
	*d = stack.Datagram{Remote: to.addr, RemotePort: to.port, Data: h.payload[:n]}
	s.tx.next(d.Data)
	s.mu.Unlock()
	errno := h.stack.SendUDP(s.id, d)
	s.mu.Lock()
	switch {
	case errno == syscall.ENOBUFS && h.blocked():
		return false
	case errno == syscall.ENOBUFS, errno != 0 && s.remote == endpoint{}: // one peer out of reach is not the socket's trouble
		h.unsendable++
	case errno != 0:
		s.fail(errno)
	}
	h.charge(-s.tx.skip())
	return true
}

// retryUnsent serves the sockets that found no buffer.
func (h *host) retryUnsent() {
	again := h.unsent
	h.unsent = nil
	for _, s := range again {
		s.serve()
	}
}

// abandon implements socket.
func (s *udpConn) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.host.charge(-s.rx.n - s.tx.n)
	s.rx.reset()
	s.tx.reset()
	s.base.abandon()
}
