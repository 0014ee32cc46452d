package native

import (
	"net/netip"
	"syscall"

	"ringstack/secondary/engine"
	"ringstack/stack/tcp"
)

// eventListener is an engine.Listener.
type eventListener struct {
	host   *host
	id     tcp.ID
	local  endpoint
	accept func() engine.Handler
}

// ServeTCP implements engine.Events.
func (h *host) ServeTCP(addr netip.AddrPort, accept func() engine.Handler) (engine.Listener, error) {
	local, _ := h.bindAddr(addr.Addr())
	l := &eventListener{host: h, local: endpoint{local, addr.Port()}, accept: accept}
	if err := h.try(func() (errno syscall.Errno) {
		l.id, errno = h.listen(l, addr)
		return errno
	}); err != nil {
		return nil, err
	}
	return l, nil
}

// try runs f in the loop and returns its error, or that of an engine that has ended.
func (h *host) try(f func() syscall.Errno) error {
	var errno syscall.Errno
	err := h.do(func() { errno = f() })
	if err == nil && errno != 0 {
		return errno
	}
	return err
}

// accepted implements acceptor.
func (l *eventListener) accepted(id tcp.ID, info *tcp.Info) {
	c := &eventConn{
		host: l.host, id: id, handler: l.accept(),
		local: endpoint{info.Local, info.LocalPort}, remote: endpoint{info.Remote, info.RemotePort},
	}
	l.host.adopt(id, c, &usual)
	l.host.tcp.Take(id)
	c.handler.Open(c)
}

// abandon implements acceptor.
func (l *eventListener) abandon() {}

// Addr implements engine.Listener.
func (l *eventListener) Addr() netip.AddrPort { return l.local.addrPort() }

// Close implements engine.Listener.
func (l *eventListener) Close() error {
	return l.host.do(func() {
		l.host.tcp.CloseListener(l.id)
		delete(l.host.listeners, l.id)
	})
}

// ConnectTCP implements engine.Events.
func (h *host) ConnectTCP(local, remote netip.AddrPort, handler engine.Handler) error {
	c := &eventConn{host: h, handler: handler, local: toEndpoint(local), remote: toEndpoint(remote)}
	return h.try(func() (errno syscall.Errno) {
		if c.id, errno = h.connect(local.Addr(), &c.local, c.remote); errno == 0 {
			h.adopt(c.id, c, &usual)
		}
		return errno
	})
}

// Post implements engine.Events.
func (h *host) Post(f func()) bool { return h.requests.add(order(f)) }
