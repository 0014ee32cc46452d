package stack

import (
	"syscall"

	"ringstack/stack/wire"
)

// udpInput takes a datagram (RFC 768, RFC 1122 section 4.1, RFC 8200 section 8.1).
func (e *Engine) udpInput() {
	in := &e.in
	e.stats[UDPIn]++
	b := in.payload()
	h, ok := wire.ParseUDP(b)
	if !ok {
		e.stats[UDPBadLength]++
		return
	}
	b = b[:h.Len]
	switch {
	case h.Checksum == 0 && in.src.Is4():
		// The sender made none (RFC 1122 section 4.1.3.4).
	case h.Checksum == 0:
		e.stats[UDPNoSum]++
		return
	case wire.Fold(wire.Sum(b, wire.PseudoSum(&in.src, &in.dst, wire.ProtoUDP, h.Len))) != 0xffff:
		e.stats[UDPBadSum]++
		return
	}
	slot := e.findSocket(&in.dst, &in.src, h.DstPort, h.SrcPort)
	if slot == 0 {
		e.udpNoSocket()
		return
	}
	port := -1
	if in.port != nil {
		port = int(in.port.id)
	}
	e.datagram = Datagram{
		Local: in.dst, Remote: in.src, RemotePort: h.SrcPort, Port: port, TTL: in.ttl, TOS: in.tos, Data: b[wire.UDPLen:],
	}
	e.events.Datagram(makeSocketID(slot, e.sockets.list[slot].gen), &e.datagram)
}

func (e *Engine) udpNoSocket() {
	if e.in.group || e.in.linkCast {
		e.stats[UDPNoPortGroup]++
		return
	}
	e.stats[UDPNoPort]++
	if e.in.src.Is4() {
		e.icmpError(wire.ICMPUnreachable, wire.ICMPPortUnreachable, 0)
		return
	}
	e.icmpError(wire.ICMPv6Unreachable, wire.ICMPv6PortUnreachable, 0)
}

// Longest payloads in bytes; jumbograms aside.
const (
	maxUDP4 = maxPacket - wire.IPv4Len - wire.UDPLen
	maxUDP6 = maxPacket - wire.UDPLen
)

// SendUDP sends a datagram. What exceeds the path MTU leaves in fragments; what has to wait for a neighbour's address is copied.
// EBADF: the socket is not open; EDESTADDRREQ: no remote address; EISCONN: a remote address on a connected socket; EADDRNOTAVAIL: Local is not ours;
// EAFNOSUPPORT: an address of the other IP version than the socket's; EMSGSIZE: too long for a datagram; ENETUNREACH: no route; ENOBUFS: the device has no buffer now.
func (e *Engine) SendUDP(id SocketID, d *Datagram) syscall.Errno {
	s, p, port, err := e.prepareUDP(id, d)
	if err != 0 {
		return err
	}
	n := wire.UDPLen + len(d.Data)
	b := e.tryOpen(p, n, true)
	if b == nil {
		return e.unopened()
	}
	sum := wire.CopySum(b[wire.UDPLen:], d.Data)
	pseudo := wire.PseudoSum(&p.Local, &p.Remote, wire.ProtoUDP, n)
	wire.PutUDP(b, &wire.UDP{SrcPort: s.localPort, DstPort: port, Len: n}, wire.Join(pseudo, 0, sum))
	e.stats[UDPOut]++
	e.send(&ipHeader{src: p.Local, dst: p.Remote, proto: wire.ProtoUDP, ttl: e.udpTTL(s, d, p), tos: s.tos | d.TOS})
	return 0
}

// unopened is why the last open had no room.
func (e *Engine) unopened() syscall.Errno {
	if e.out.way == nowhere {
		return syscall.ENETUNREACH
	}
	return syscall.ENOBUFS
}

// prepareUDP finds the socket and the way of a datagram, or what is wrong with it.
func (e *Engine) prepareUDP(id SocketID, d *Datagram) (s *socket, p *path, port uint16, err syscall.Errno) {
	if s, _ = e.sockets.get(id); s == nil {
		return nil, nil, 0, syscall.EBADF
	}
	if p, port, err = e.udpPath(s, d); err != 0 {
		return nil, nil, 0, err
	}
	limit := maxUDP6
	if p.Remote.Is4() {
		limit = maxUDP4
	}
	if len(d.Data) > limit {
		return nil, nil, 0, syscall.EMSGSIZE
	}
	return s, p, port, 0
}

// udpPath finds where a datagram goes. The path is valid until the next call.
func (e *Engine) udpPath(s *socket, d *Datagram) (p *path, port uint16, err syscall.Errno) {
	if s.connected() {
		if (d.Remote != wire.Addr{}) {
			return nil, 0, syscall.EISCONN
		}
		return &s.route, s.remotePort, 0
	}
	if d.RemotePort == 0 || d.Remote.IsUnspecified() {
		return nil, 0, syscall.EDESTADDRREQ
	}
	local := s.local
	switch {
	case !d.Local.IsUnspecified() && d.Local != s.local:
		if !local.IsUnspecified() || !e.isLocal(&d.Local) {
			return nil, 0, syscall.EADDRNOTAVAIL
		}
		local = d.Local
	case local.IsMulticast() || local.IsBroadcast(): // bound to a group, a socket sends from a host's address
		local = wire.Addr{}
	}
	if local == wire.Any4 && !d.Remote.Is4() || s.v6only && d.Remote.Is4() || !local.IsUnspecified() && local.Is4() != d.Remote.Is4() {
		return nil, 0, syscall.EAFNOSUPPORT
	}
	if local.IsUnspecified() {
		local = wire.Addr{}
	}
	var ok bool
	if e.udpRoute, ok = e.findPath(&local, &d.Remote, anyPort); !ok {
		return nil, 0, syscall.ENETUNREACH
	}
	return &e.udpRoute, d.RemotePort, 0
}

func (e *Engine) udpTTL(s *socket, d *Datagram, p *path) uint8 {
	switch {
	case d.TTL != 0:
		return d.TTL
	case s.ttl != 0:
		return s.ttl
	case p.Remote.IsMulticast():
		return 1 // RFC 1112 section 6.1
	}
	return p.TTL
}
