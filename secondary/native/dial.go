package native

import (
	"context"
	"net"
	"net/netip"
	"syscall"

	"ringstack/stack/tcp"
)

// dial is a connection that is being opened.
type dial struct {
	conn  *conn
	id    tcp.ID // 0: the stack does not know it
	done  waiter
	errno syscall.Errno // read after done
}

// DialTCP implements engine.Engine.
func (h *host) DialTCP(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	c := newConn(h, toEndpoint(local), toEndpoint(remote))
	d := &dial{conn: c, done: make(waiter, 1)}
	if err := h.dial(ctx, d, local.Addr()); err != nil {
		failed := base{local: toEndpoint(local), remote: toEndpoint(remote)} // c may still be the loop's
		return nil, failed.opError("dial", err)
	}
	return c, nil
}

func (h *host) dial(ctx context.Context, d *dial, local netip.Addr) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !h.requests.add(order(func() { h.startDial(d, local) })) {
		return net.ErrClosed
	}
	select {
	case <-d.done:
		if d.errno != 0 {
			return d.errno
		}
		return nil
	case <-ctx.Done():
		h.requests.add(order(func() { h.cancelDial(d) }))
		return ctx.Err()
	case <-h.ended:
		return net.ErrClosed
	}
}

func (h *host) startDial(d *dial, local netip.Addr) {
	c := d.conn
	errno := h.bindable(local)
	var id tcp.ID
	if errno == 0 {
		id, errno = h.tcp.Connect(&tcp.ConnectConfig{
			Remote: c.remote.addr, RemotePort: c.remote.port, Local: c.local.addr, LocalPort: c.local.port,
		})
	}
	if errno != 0 {
		d.errno = errno
		h.wakes = append(h.wakes, d.done)
		return
	}
	info, _ := h.tcp.Info(id)
	c.local = endpoint{info.Local, info.LocalPort}
	d.id = id
	h.dials[id] = d
	h.adopt(c, id)
	h.configure(id)
}

// Connected implements tcp.Events.
func (h *host) Connected(id tcp.ID, errno syscall.Errno) {
	d := h.dials[id]
	if d == nil {
		return
	}
	delete(h.dials, id)
	if d.errno = errno; errno != 0 {
		d.id = 0
		h.forget(d.conn)
	}
	h.wakes = append(h.wakes, d.done)
}

// cancelDial ends an attempt that nobody waits for any more, also when it has just succeeded.
func (h *host) cancelDial(d *dial) {
	if h.conn(d.id) != nil {
		h.forget(d.conn)
		delete(h.dials, d.id)
		h.tcp.Abort(d.id)
	}
}
