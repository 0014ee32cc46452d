package secondary

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
)

// Resolver looks names up over the stack, as package net does over the kernel: /etc/hosts, then the name servers of
// Config.NameServers, or else of /etc/resolv.conf, whose other settings hold in any case. A name server at a loopback address, as a
// caching one on this host is, cannot be reached through the stack: it is asked over the kernel's network.
func (s *Secondary) Resolver() *net.Resolver { return &s.names.resolver }

// names looks names up.
type names struct {
	s        *Secondary
	resolver net.Resolver
	servers  []netip.AddrPort // none: those of /etc/resolv.conf
	current  atomic.Uint32    // counts the servers that have failed; the next of them is asked
}

func (s *Secondary) newNames(servers []netip.AddrPort) *names {
	n := &names{s: s, servers: servers}
	n.resolver = net.Resolver{PreferGo: true, Dial: n.dial}
	return n
}

// resolve is network.resolve with r, or when it is nil with the secondary's resolver.
func (n *names) resolve(ctx context.Context, r *net.Resolver, on network, address string) ([]netip.AddrPort, error) {
	if r != nil {
		return on.resolve(ctx, r, address)
	}
	addrs, err := on.resolve(ctx, &n.resolver, address)
	if failed, ok := err.(*net.DNSError); ok && failed.Server != "" && len(n.servers) > 0 {
		err = n.correct(*failed)
	}
	return addrs, err
}

// correct names the servers that were asked: the resolver knows those of /etc/resolv.conf only.
func (n *names) correct(err net.DNSError) error {
	var asked []string
	for _, server := range n.servers {
		asked = append(asked, server.String())
	}
	err.Server = strings.Join(asked, ",")
	return &err
}

// dial is net.Resolver.Dial: one call is for one question.
func (n *names) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if len(n.servers) == 0 {
		return n.open(ctx, network, address)
	}
	current := n.current.Load()
	c, err := n.open(ctx, network, n.servers[int(current)%len(n.servers)].String())
	if err != nil {
		n.failed(current)
		return nil, err
	}
	if packets, ok := c.(datagrams); ok {
		return &question{packets, n, current}, nil
	}
	return c, nil
}

func (n *names) open(ctx context.Context, network, address string) (net.Conn, error) {
	if server, err := netip.ParseAddrPort(address); err == nil && server.Addr().Unmap().IsLoopback() {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return n.s.DialContext(ctx, network, address)
}

// failed makes the next server the current one, unless another question has done so.
func (n *names) failed(current uint32) { n.current.CompareAndSwap(current, current+1) }

// datagrams is a connected UDP socket. The resolver knows it by ReadFrom.
type datagrams interface {
	net.Conn
	net.PacketConn
}

// question is a socket for a question to the server that was the current one.
type question struct {
	datagrams
	names   *names
	current uint32
}

// Read waits for the answer.
func (q *question) Read(b []byte) (int, error) {
	n, err := q.datagrams.Read(b)
	if err != nil {
		q.names.failed(q.current)
	}
	return n, err
}
