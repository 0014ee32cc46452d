package native

import (
	"syscall"

	"ringstack/stack"
	"ringstack/stack/wire"
)

// The loop's side of UDP sockets.

// socket returns the socket that id names, nil when it is closed.
func (h *host) socket(id stack.SocketID) *udpConn {
	if i := int(uint32(id)); i < len(h.sockets) && h.sockets[i] != nil && h.sockets[i].id == id {
		return h.sockets[i]
	}
	return nil
}

// Datagram implements stack.Events.
func (h *host) Datagram(id stack.SocketID, d *stack.Datagram) {
	s := h.socket(id)
	if s == nil {
		return
	}
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
	}
}

// SocketError implements stack.Events. Only a connected socket hears of errors (RFC 1122 section 4.1.3.3).
func (h *host) SocketError(id stack.SocketID, _ wire.Addr, _ uint16, errno syscall.Errno) {
	if s := h.socket(id); s != nil && s.remote != (endpoint{}) && errno != syscall.EMSGSIZE {
		s.mu.Lock()
		s.fail(errno)
		s.mu.Unlock()
	}
}

// fail keeps an error for the next call.
func (s *udpConn) fail(errno syscall.Errno) {
	s.err = errno
	s.host.wakeLater(&s.in)
}

// EchoReply implements stack.Events.
func (h *host) EchoReply(*wire.Addr, uint16, uint16, []byte) {}

// Conflict implements stack.Events; the stack counts it.
func (h *host) Conflict(int, wire.Addr, wire.MAC) {}

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
		s.host.wakeLater(&s.out)
	}
	if s.has(closed) {
		s.set(gone)
		s.host.sockets[uint32(s.id)] = nil
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
	case errno == syscall.ENOBUFS:
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

// abandon ends the socket with the engine.
func (s *udpConn) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.host.charge(-s.rx.n - s.tx.n)
	s.rx.reset()
	s.tx.reset()
	s.base.abandon()
}
