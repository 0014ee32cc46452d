package secondary

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"ringstack/msg"
	"ringstack/secondary/engine"
)

// attempt is one call of DialContext.
type attempt struct {
	*Dialer
	network
	local netip.AddrPort // without IP or port: any
}

var errMissingAddress = errors.New("missing address")

// prepare finds out where to connect to, the address to be tried first in front.
func (d *Dialer) prepare(ctx context.Context, name, address string) (a *attempt, remotes []netip.AddrPort, err error) {
	n, err := parseNetwork(name)
	if err != nil {
		return nil, nil, err
	}
	if address == "" {
		return nil, nil, errMissingAddress
	}
	a = &attempt{Dialer: d, network: n}
	if remotes, err = d.Secondary.names.resolve(ctx, d.Resolver, n, address); err != nil {
		return nil, nil, err
	}
	byPreference(remotes, d.Secondary.source)
	if d.LocalAddr != nil {
		remotes, err = a.bind(remotes)
	}
	return a, remotes, err
}

// bind takes the local address and returns the remote ones that it can reach.
func (a *attempt) bind(remotes []netip.AddrPort) (reachable []netip.AddrPort, err error) {
	var local netip.AddrPort
	switch addr := a.LocalAddr.(type) {
	case *net.TCPAddr:
		local = addr.AddrPort()
	case *net.UDPAddr:
		local = addr.AddrPort()
	}
	if a.LocalAddr.Network() != a.addr(local).Network() {
		return nil, &net.AddrError{Err: "mismatched local address type", Addr: a.LocalAddr.String()}
	}
	a.local = netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
	if wildcard(a.local.Addr()) {
		a.local = netip.AddrPortFrom(netip.Addr{}, a.local.Port())
		return remotes, nil
	}
	for _, remote := range remotes {
		if wildcard(remote.Addr()) || remote.Addr().Is4() == a.local.Addr().Is4() {
			reachable = append(reachable, remote)
		}
	}
	if len(reachable) == 0 {
		return nil, noSuitableAddress(a.LocalAddr.String())
	}
	return reachable, nil
}

// source is the stack's address for packets to remote, invalid when there is no way there. Nothing is sent.
func (s *Secondary) source(remote netip.AddrPort) netip.Addr {
	c, err := s.engine.DialUDP(netip.AddrPort{}, netip.AddrPortFrom(remote.Addr(), 53), nil) // no matter which port
	if err != nil {
		return netip.Addr{}
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
}

// failed is the error of an attempt at one address.
func (a *attempt) failed(remote netip.AddrPort, err error) error {
	return &net.OpError{Op: "dial", Net: a.name, Source: a.LocalAddr, Addr: a.addr(remote), Err: err}
}

// connect opens a connection to one address.
func (a *attempt) connect(ctx context.Context, remote netip.AddrPort) (c net.Conn, err error) {
	socket := Socket{network: a.network}
	if err := socket.configure(a.KeepAliveConfig, a.Control, remote); err != nil {
		return nil, err
	}
	o := &socket.options
	remote = netip.AddrPortFrom(a.reachable(remote.Addr()), remote.Port())
	open := func(port uint16) (err error) {
		c, err = a.open(ctx, netip.AddrPortFrom(a.local.Addr(), port), remote, o)
		return err
	}
	if port := a.local.Port(); port != 0 {
		err = a.Secondary.withOwnPort(ctx, msg.PortRequest{Proto: a.proto, Port: port}, o, open)
	} else {
		err = a.withLeasedPort(ctx, open)
	}
	if err != nil {
		return nil, a.reason(ctx, err)
	}
	return c, nil
}

// withLeasedPort calls open with ports of this secondary alone until one is free.
func (a *attempt) withLeasedPort(ctx context.Context, open func(port uint16) error) error {
	err := a.Secondary.leases.withPort(ctx, open)
	if err == syscall.EADDRINUSE {
		return syscall.EADDRNOTAVAIL // of all the ports that were tried
	}
	return err
}

// reason is err as package net has it; ctx counts for whatever it has ended.
func (a *attempt) reason(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
		return contextError(ended)
	}
	return callError(a.call(err), err)
}

func (a *attempt) open(ctx context.Context, local, remote netip.AddrPort, o *engine.Options) (net.Conn, error) {
	if a.proto == protoTCP {
		return a.Secondary.engine.DialTCP(ctx, local, remote, o)
	}
	return a.Secondary.engine.DialUDP(local, remote, o)
}

// call is the system call that would have failed: bind, if the local address was the trouble.
func (a *attempt) call(err error) string {
	if a.LocalAddr != nil && (err == syscall.EADDRINUSE || err == syscall.EADDRNOTAVAIL) {
		return "bind"
	}
	return "connect"
}

// withOwnPort calls open with a port that is leased, or else registered until the socket closes.
func (s *Secondary) withOwnPort(ctx context.Context, port msg.PortRequest, o *engine.Options, open func(port uint16) error) error {
	if s.leases.has(port.Port) {
		return open(port.Port)
	}
	r := &registration{registry: &s.ports, port: port}
	if err := r.add(ctx, r); err != nil {
		return err
	}
	o.Closing = r.release
	err := open(port.Port)
	if err != nil {
		r.release()
	}
	return err
}
