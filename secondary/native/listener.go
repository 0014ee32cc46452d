package native

import (
	"net"
	"net/netip"
	"syscall"
	"time"

	"ringstack/stack/tcp"
)

// backlog is the most connections that a listener keeps until Accept.
const backlog = 4096

// listener is a net.Listener with SetDeadline.
type listener struct {
	base
	id    tcp.ID // the loop's
	queue []*conn
	first int // in queue; those before were taken
}

// ListenTCP implements engine.Engine.
func (h *host) ListenTCP(addr netip.AddrPort) (net.Listener, error) {
	l := &listener{base: base{host: h, local: endpoint{h.bindAddr(addr.Addr()), addr.Port()}}}
	var errno syscall.Errno
	err := h.do(func() { errno = h.listen(l, addr) })
	if err == nil && errno != 0 {
		err = errno
	}
	if err != nil {
		return nil, l.opError("listen", err)
	}
	return l, nil
}

func (h *host) listen(l *listener, addr netip.AddrPort) (errno syscall.Errno) {
	if errno = h.bindable(addr.Addr()); errno != 0 {
		return errno
	}
	l.id, errno = h.tcp.Listen(tcp.ListenConfig{Addr: l.local.addr, Port: l.local.port, Backlog: backlog})
	if errno == 0 {
		h.listeners[l.id] = l
	}
	return errno
}

// Accepted implements tcp.Events.
func (h *host) Accepted(listener, id tcp.ID) {
	l := h.listeners[listener]
	info, _ := h.tcp.Info(id)
	if l == nil {
		h.tcp.Abort(id) // its listener was closed meanwhile
		return
	}
	c := newConn(h, endpoint{info.Local, info.LocalPort}, endpoint{info.Remote, info.RemotePort})
	h.adopt(c, id)
	h.configure(id)
	l.mu.Lock()
	l.queue = append(l.queue, c)
	h.wakeLater(&l.in)
	l.mu.Unlock()
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return l.LocalAddr() }

// SetDeadline ends calls of Accept at t; the zero time means never.
func (l *listener) SetDeadline(t time.Time) error { return l.SetReadDeadline(t) }

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	l.in.turn.Lock()
	c, err := l.accept()
	l.in.turn.Unlock()
	if err != nil {
		return nil, l.opError("accept", err)
	}
	c.mu.Lock()
	c.set(taken)
	c.ask(c)
	c.mu.Unlock()
	return c, nil
}

func (l *listener) accept() (*conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if err := l.in.failed(&l.base); err != nil {
			return nil, err
		}
		if l.first < len(l.queue) {
			return l.pop(), nil
		}
		l.in.sleep(&l.mu)
	}
}

func (l *listener) pop() *conn {
	c := l.queue[l.first]
	l.queue[l.first] = nil
	if l.first++; l.first == len(l.queue) {
		l.queue, l.first = l.queue[:0], 0
	}
	return c
}

// Close implements net.Listener. Connections that were not accepted are reset.
func (l *listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.close() {
		return l.opError("close", net.ErrClosed)
	}
	l.ask(l)
	return nil
}

// serve closes the listener in the stack.
func (l *listener) serve() {
	h := l.host
	h.tcp.CloseListener(l.id)
	delete(h.listeners, l.id)
	for ; l.first < len(l.queue); l.first++ {
		c := l.queue[l.first]
		c.mu.Lock()
		known := !c.has(gone)
		c.set(gone | closed)
		c.reset(&c.rx)
		c.mu.Unlock()
		if known {
			h.forget(c)
			h.tcp.Abort(c.id)
		}
	}
}

// abandon ends the listener with the engine.
func (l *listener) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.base.abandon()
}
