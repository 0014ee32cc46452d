package native

import (
	"net"
	"net/netip"
)

// The calls that do not wait. Where one that does would, they return syscall.EAGAIN, bare, and ready is called later.

// again notes the wish that a call had when it returned errAgain. The lock is held.
func (s *base) again(wish flags, err error) {
	if err == errAgain {
		s.set(wish)
	}
}

// tried is opError, but for errAgain.
func (s *base) tried(op, call string, err error) error {
	if err == errAgain {
		return err
	}
	return s.opError(op, call, err)
}

// TryRead is Read without waiting.
func (c *conn) TryRead(b []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err = c.mayRead(); err == nil {
		return c.dequeue(b), nil
	}
	c.again(wantRead, err)
	return 0, c.tried("read", "read", err)
}

// Peek copies unread bytes to b, without taking them and without waiting.
func (c *conn) Peek(b []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err = c.mayRead(); err == nil {
		return c.rx.peek(b, 0), nil
	}
	c.again(wantRead, err)
	return 0, c.tried("read", "read", err)
}

// TryWrite queues as much of b as there is room for, without waiting.
func (c *conn) TryWrite(b []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err = c.mayWrite(); err != nil || len(b) == 0 {
		return 0, c.opError("write", "write", err)
	}
	if n = min(len(b), c.room()); n <= 0 {
		c.set(wantWrite)
		return 0, errAgain
	}
	c.enqueue(b[:n])
	return n, nil
}

// room is how many bytes can be queued for sending, below 0 when the buffer has been made smaller than what is in it. Beyond the budget that
// is little, but not none where nothing would ever tell of more.
func (c *conn) room() int {
	switch {
	case c.out.buf != nil: // of a call that waits: its bytes come first
		return 0
	case !c.host.overBudget():
		return int(c.limits.tx) - c.tx.n
	case c.tx.n == 0:
		return blockSize
	}
	return 0
}

// TryRead is Read without waiting.
func (s *udpConn) TryRead(b []byte) (int, error) {
	n, _, err := s.try(b)
	return n, s.tried("read", "read", err)
}

// TryReadFrom is ReadFromUDPAddrPort without waiting.
func (s *udpConn) TryReadFrom(b []byte) (int, netip.AddrPort, error) {
	n, from, err := s.try(b)
	if err != nil {
		return 0, netip.AddrPort{}, s.tried("read", "recvfrom", err)
	}
	return n, from.addrPort(), nil
}

func (s *udpConn) try(b []byte) (int, endpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, from, err := s.next(b)
	s.again(wantRead, err)
	return n, from, err
}

// Peek copies the first unread datagram to b as far as it fits, without taking it and without waiting.
func (s *udpConn) Peek(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.trouble(&s.in); err != nil {
		return 0, s.opError("read", "read", err)
	}
	if s.rx.n == 0 {
		s.again(wantRead, errAgain)
		return 0, errAgain
	}
	n, _ := s.rx.next(b)
	return min(n, len(b)), nil
}

// TryWrite is Write without waiting.
func (s *udpConn) TryWrite(b []byte) (int, error) {
	if s.remote == (endpoint{}) {
		return s.Write(b) // fails
	}
	if err := s.tryQueue(b, endpoint{}); err != nil {
		return 0, s.tried("write", "write", err)
	}
	return len(b), nil
}

// TryWriteTo is WriteToUDPAddrPort without waiting.
func (s *udpConn) TryWriteTo(b []byte, addr netip.AddrPort) (int, error) {
	err := s.mayReach(addr)
	if err == nil {
		err = s.tryQueue(b, toEndpoint(addr))
	}
	switch err {
	case nil:
		return len(b), nil
	case errAgain:
		return 0, err
	}
	return 0, s.failure("write", "sendto", s.LocalAddr(), net.UDPAddrFromAddrPort(addr), err)
}

func (s *udpConn) tryQueue(b []byte, to endpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.queue(b, to)
	s.again(wantWrite, err)
	return err
}

// TryAccept is Accept without waiting.
func (l *listener) TryAccept() (net.Conn, error) {
	l.mu.Lock()
	c, err := l.next()
	l.again(wantRead, err)
	l.mu.Unlock()
	switch err {
	case nil:
		c.handOver()
		return c, nil
	case errAgain:
		return nil, err
	}
	return nil, l.failure("accept", "accept", nil, l.LocalAddr(), err)
}
