package secondary

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"ringstack/secondary/engine"
)

// The event API: a program's Handlers run in the loop that drives the stack. They see received bytes where the NIC put them and
// write to where they are sent from, with no goroutine per connection and none to be woken. The types of package net
// (Listen, DialContext) are the other way, and one program may use both.
type (
	// Handler takes the events of a TCP connection.
	Handler = engine.Handler
	// Ignore is a Handler that does nothing, to be embedded.
	Ignore = engine.Ignore
	// Conn is a TCP connection as its Handler sees it.
	Conn = engine.Conn
	// PacketHandler takes the datagrams of a UDP socket.
	PacketHandler = engine.PacketHandler
	// PacketConn is a UDP socket as its PacketHandler sees it.
	PacketConn = engine.PacketConn
)

// EventListener is what Serve returns. Any goroutine may call its methods.
type EventListener interface {
	engine.Listener
	losable
}

// EventSocket is what ServePacket returns. Any goroutine may call its methods but Send, which belongs to the loop.
type EventSocket interface {
	PacketConn
	losable
}

// losable is what has a port.
type losable interface {
	// Lost is closed when the socket is, since another group has its port after a restart of the primary. Err then tells more, and is
	// nil before.
	Lost() <-chan struct{}
	Err() error
}

// Serve accepts TCP connections at address, "host:port", and takes Handlers for them from accept, which runs in the loop; network and
// ports are as for Listen. It returns at once; connections come until the listener is closed, which a handler must not do, or has lost its port.
func (s *Secondary) Serve(network, address string, accept func() Handler) (EventListener, error) {
	b, err := s.prepareEvents(network, protoTCP, address)
	if err != nil {
		return nil, err
	}
	l := new(eventListener)
	l.registration, err = b.bind(context.Background(), func(addr netip.AddrPort) (closer, error) {
		var err error
		l.Listener, err = s.engine.(engine.Events).ServeTCP(addr, accept)
		return l.Listener, err
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// ServePacket gives h the datagrams that come to address; network is "udp", "udp4" or "udp6". A handler must not close the socket.
func (s *Secondary) ServePacket(network, address string, h PacketHandler) (EventSocket, error) {
	b, err := s.prepareEvents(network, protoUDP, address)
	if err != nil {
		return nil, err
	}
	c := new(eventSocket)
	c.registration, err = b.bind(context.Background(), func(addr netip.AddrPort) (closer, error) {
		var err error
		c.PacketConn, err = s.engine.(engine.Events).ServeUDP(addr, h)
		return c.PacketConn, err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (s *Secondary) prepareEvents(network string, proto uint8, address string) (*binding, error) {
	b, err := s.prepareListen(context.Background(), network, proto, address)
	if _, has := s.engine.(engine.Events); err == nil && !has {
		err = b.failed(errNoEvents)
	}
	return b, err
}

// Connect begins a TCP connection to address, of whose IP addresses it takes the one that DialContext would try first; h.Open or
// h.Closed tells how it ended. An error means that it has not begun, and h is not called. Connect may wait for the
// primary and for name servers until ctx is done: not to be called from a handler.
func (s *Secondary) Connect(ctx context.Context, network, address string, h Handler) error {
	a, remotes, err := (&Dialer{Secondary: s}).prepare(ctx, network, address)
	if err != nil {
		return &net.OpError{Op: "dial", Net: network, Err: err}
	}
	if err := a.begin(ctx, remotes[0], h); err != nil {
		return a.failed(remotes[0], a.reason(ctx, err))
	}
	return nil
}

func (a *attempt) begin(ctx context.Context, remote netip.AddrPort, h Handler) error {
	events, ok := a.Secondary.engine.(engine.Events)
	switch {
	case !ok:
		return errNoEvents
	case a.proto != protoTCP:
		return net.UnknownNetworkError(a.name)
	}
	remote = netip.AddrPortFrom(a.reachable(remote.Addr()), remote.Port())
	return a.withLeasedPort(ctx, func(port uint16) error {
		return events.ConnectTCP(netip.AddrPortFrom(netip.Addr{}, port), remote, h)
	})
}

// Post makes the loop run f, which may call the methods of any Conn of this secondary, unless the secondary ends before. Any goroutine
// may call it, handlers included; false: the secondary has ended.
func (s *Secondary) Post(f func()) bool {
	events, ok := s.engine.(engine.Events)
	return ok && events.Post(f)
}

// errNoEvents is what gVisor's engine answers.
var errNoEvents = fmt.Errorf("this engine has no event API: %w", errors.ErrUnsupported)

// eventListener unregisters its port when it is closed.
type eventListener struct {
	engine.Listener
	*registration
}

func (l *eventListener) Close() error {
	l.release()
	return l.Listener.Close()
}

// eventSocket unregisters its port when it is closed.
type eventSocket struct {
	PacketConn
	*registration
}

func (c *eventSocket) Close() error {
	c.release()
	return c.PacketConn.Close()
}
