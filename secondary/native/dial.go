package native

import (
	"context"
	"net"
	"net/netip"
	"syscall"

	"ringstack/secondary/engine"
	"ringstack/stack/tcp"
)

// dial is a conn that is being opened.
type dial struct {
	*conn
	done  waiter
	errno syscall.Errno // read after done
}

// DialTCP implements engine.Engine.
func (h *host) DialTCP(ctx context.Context, local, remote netip.AddrPort, o *engine.Options) (net.Conn, error) {
	d := &dial{conn: newConn(h, orUsual(o), toEndpoint(local), toEndpoint(remote)), done: make(waiter, 1)}
	if err := h.dial(ctx, d, local.Addr()); err != nil {
		return nil, err
	}
	return d.conn, nil
}

func (h *host) dial(ctx context.Context, d *dial, local netip.Addr) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !h.requests.add(order(func() { h.startDial(d, local) })) {
		return h.requests.why()
	}
	select {
	case <-d.done:
		if d.errno != 0 {
			return d.errno
		}
		return nil
	case <-ctx.Done():
		h.requests.add(order(d.discard)) // also when it has just succeeded
		return ctx.Err()
	case <-h.ended:
		return h.requests.why()
	}
}

func (h *host) startDial(d *dial, local netip.Addr) {
	var errno syscall.Errno
	if d.id, errno = h.connect(local, &d.local, d.remote); errno != 0 {
		d.connected(errno)
		return
	}
	h.adopt(d.id, d, d.options)
}

// connect begins a connection, and sets what of the local end is still open.
func (h *host) connect(ip netip.Addr, local *endpoint, remote endpoint) (tcp.ID, syscall.Errno) {
	if errno := h.bindable(ip); errno != 0 {
		return 0, errno
	}
	id, errno := h.tcp.Connect(&tcp.ConnectConfig{
		Remote: remote.addr, RemotePort: remote.port, Local: local.addr, LocalPort: local.port,
	})
	if errno == 0 {
		info, _ := h.tcp.Info(id)
		*local = endpoint{info.Local, info.LocalPort}
	}
	return id, errno
}

// connected implements opening.
func (d *dial) connected(errno syscall.Errno) {
	if d.errno = errno; errno == 0 {
		d.host.streams.put(uint64(d.id), d.conn)
	}
	d.host.wakes = append(d.host.wakes, d.done)
}
