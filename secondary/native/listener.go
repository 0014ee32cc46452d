package native

import (
	"net"
	"net/netip"
	"syscall"
	"time"

	"ringstack/secondary/engine"
	"ringstack/stack/tcp"
)

// backlog is the most connections that a listener keeps until Accept.
const backlog = 4096

// listener is a net.Listener with SetDeadline.
type listener struct {
	base
	accepting engine.Options // of new connections
	id        tcp.ID         // the loop's
	queue     []*conn
	first     int   // in queue; those before were taken
	why       error // of Fail
}

// ListenTCP implements engine.Engine.
func (h *host) ListenTCP(addr netip.AddrPort, o *engine.Options) (net.Listener, error) {
	o = orUsual(o)
	local, _ := h.bindAddr(addr.Addr())
	l := &listener{base: base{host: h, options: o, local: endpoint{local, addr.Port()}}, accepting: *o}
	l.accepting.Closing = nil
	if err := h.try(func() (errno syscall.Errno) {
		l.id, errno = h.listen(l, addr)
		return errno
	}); err != nil {
		return nil, err
	}
	return l, nil
}

// listen makes the stack tell l of connections to addr.
func (h *host) listen(l acceptor, addr netip.AddrPort) (tcp.ID, syscall.Errno) {
	if errno := h.bindable(addr.Addr()); errno != 0 {
		return 0, errno
	}
	local, only6 := h.bindAddr(addr.Addr())
	id, errno := h.tcp.Listen(tcp.ListenConfig{Addr: local, V6Only: only6, Port: addr.Port(), Backlog: backlog})
	if errno == 0 {
		h.listeners[id] = l
	}
	return id, errno
}

// accepted implements acceptor.
func (l *listener) accepted(id tcp.ID, info *tcp.Info) {
	c := newConn(l.host, &l.accepting, endpoint{info.Local, info.LocalPort}, endpoint{info.Remote, info.RemotePort})
	c.id = id
	l.host.adopt(id, c, c.options)
	l.mu.Lock()
	if len(l.queue) >= 2*backlog {
		l.sweep()
	}
	l.queue = append(l.queue, c)
	l.wakeReader()
	l.mu.Unlock()
}

// sweep makes room in the queue, where connections lie that were taken or have ended. Others are not more than backlog: the stack
// counts them. The lock is held.
func (l *listener) sweep() {
	live := l.queue[:0]
	for _, c := range l.queue[l.first:] {
		if c.known() {
			live = append(live, c)
		} else {
			c.discard()
		}
	}
	clear(l.queue[len(live):])
	l.queue, l.first = live, 0
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return l.LocalAddr() }

// SetDeadline ends calls of Accept at t; the zero time means never. Its error is bare, as that of net.TCPListener.
func (l *listener) SetDeadline(t time.Time) error { return l.setDeadlines(t, &l.in) }

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	l.in.turn.Lock()
	c, err := l.accept()
	l.in.turn.Unlock()
	if err != nil {
		return nil, l.failure("accept", "accept", nil, l.LocalAddr(), err)
	}
	c.handOver()
	return c, nil
}

func (l *listener) accept() (*conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if c, err := l.next(); err != errAgain {
			return c, err
		}
		l.in.sleep(&l.mu)
	}
}

// next returns a connection, or errAgain when there is none.
func (l *listener) next() (*conn, error) {
	if l.why != nil {
		return nil, l.why
	}
	if err := l.in.failed(&l.base); err != nil {
		return nil, err
	}
	if l.first == len(l.queue) {
		return nil, errAgain
	}
	c := l.queue[l.first]
	l.queue[l.first] = nil
	if l.first++; l.first == len(l.queue) {
		l.queue, l.first = l.queue[:0], 0
	}
	return c, nil
}

// handOver tells the stack that the application has the connection.
func (c *conn) handOver() {
	c.mu.Lock()
	c.set(taken)
	c.ask(c)
	c.mu.Unlock()
}

// Close implements net.Listener. When it returns, nobody can connect any more; connections that were not accepted are reset.
func (l *listener) Close() error {
	l.leave()
	l.mu.Lock()
	first := l.close()
	l.mu.Unlock()
	if !first {
		return l.failure("close", "close", nil, l.LocalAddr(), net.ErrClosed)
	}
	l.host.do(l.unlisten) // fails only when the engine has ended
	return nil
}

// Fail closes the listener. Accept then returns why.
func (l *listener) Fail(why error) {
	l.mu.Lock()
	l.why = why
	l.mu.Unlock()
	l.Close()
}

// unlisten closes the listener in the stack.
func (l *listener) unlisten() {
	h := l.host
	h.tcp.CloseListener(l.id)
	delete(h.listeners, l.id)
	for ; l.first < len(l.queue); l.first++ {
		l.queue[l.first].discard()
	}
}

// abandon implements acceptor.
func (l *listener) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.base.abandon()
}
