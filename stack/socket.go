package stack

import (
	"syscall"

	"ringstack/stack/wire"
)

// socket is a UDP socket.
type socket struct {
	local, remote wire.Addr // unspecified: any
	localPort     uint16
	remotePort    uint16 // 0: not connected
	gen           uint32
	next          uint32 // in its chain or the free list; 0: end
	ttl           uint8  // 0: Config.TTL
	tos           uint8
	open          bool
	v6only        bool // a local address :: is not for IPv4
	route         path // of a connected socket
}

func (s *socket) connected() bool { return s.remotePort != 0 }

// Ends are the addresses of a socket. A zero LocalPort is chosen at random. The local address :: takes both IP versions, with V6Only
// all addresses of IPv6 alone, 0.0.0.0 all of IPv4. Without RemotePort the socket is not connected and takes datagrams from anywhere.
type Ends struct {
	Local, Remote         wire.Addr
	LocalPort, RemotePort uint16
	V6Only                bool
}

// OpenUDP opens a socket. EADDRNOTAVAIL: the local address is not ours, or no local port is free; EADDRINUSE: another socket has
// these ends; ENETUNREACH: no route; EINVAL: the ends do not fit together; ENOBUFS: Config.Sockets are open.
func (e *Engine) OpenUDP(ends Ends) (SocketID, syscall.Errno) {
	s := socket{
		local: ends.Local, remote: ends.Remote, localPort: ends.LocalPort, remotePort: ends.RemotePort, open: true, v6only: ends.V6Only,
	}
	if err := e.checkEnds(&s); err != 0 {
		return 0, err
	}
	if s.localPort == 0 {
		if err := e.choosePort(&s); err != 0 {
			return 0, err
		}
	} else if e.taken(&s) {
		return 0, syscall.EADDRINUSE
	}
	slot := e.sockets.take()
	if slot == 0 {
		return 0, syscall.ENOBUFS
	}
	s.gen = e.sockets.list[slot].gen + 1
	chain := e.chain(&s)
	s.next = *chain
	*chain = slot
	e.sockets.list[slot] = s
	if s.connected() {
		e.sockets.connected++
	}
	return makeSocketID(slot, s.gen), 0
}

// checkEnds finds the route of a connected socket, and with it its local address.
func (e *Engine) checkEnds(s *socket) syscall.Errno {
	if !s.local.IsUnspecified() && !e.isLocal(&s.local) {
		return syscall.EADDRNOTAVAIL
	}
	if !s.connected() {
		return 0
	}
	if s.remote.IsUnspecified() || !s.local.IsUnspecified() && s.local.Is4() != s.remote.Is4() || s.local == wire.Any4 && !s.remote.Is4() {
		return syscall.EINVAL
	}
	if s.local.IsUnspecified() {
		s.local = wire.Addr{}
	}
	route, ok := e.findPath(&s.local, &s.remote, anyPort)
	if !ok {
		return syscall.ENETUNREACH
	}
	s.local, s.route = route.Local, route
	return 0
}

// isLocal reports whether a socket may be bound to a: one of our addresses, a group, or a loopback address.
func (e *Engine) isLocal(a *wire.Addr) bool {
	own := e.addresses.find(a)
	return own != nil && (own.kind == unicast || own.kind == subnetCast) || a.IsLoopback() || a.IsMulticast() || a.IsBroadcast()
}

// choosePort takes the first free port from a random one on (RFC 6056 section 3.3.1).
func (e *Engine) choosePort(s *socket) syscall.Errno {
	first, n := int(e.config.PortFirst), int(e.config.PortLast)-int(e.config.PortFirst)+1
	start := int(e.random() % uint64(n))
	for i := range n {
		s.localPort = uint16(first + (start+i)%n)
		if !e.taken(s) {
			return 0
		}
	}
	return syscall.EADDRNOTAVAIL
}

// taken reports whether an open socket has the ends of s, or some that overlap with them.
func (e *Engine) taken(s *socket) bool {
	for i := *e.chain(s); i != 0; i = e.sockets.list[i].next {
		o := &e.sockets.list[i]
		if o.localPort != s.localPort || o.connected() != s.connected() {
			continue
		}
		if s.connected() {
			if o.local == s.local && o.remote == s.remote && o.remotePort == s.remotePort {
				return true
			}
		} else if o.takes(&s.local) || s.takes(&o.local) {
			return true
		}
	}
	return false
}

// takes reports whether an unconnected socket matches the destination a.
func (s *socket) takes(a *wire.Addr) bool {
	switch s.local {
	case *a:
		return true
	case wire.Addr{}:
		return !s.v6only || !a.Is4()
	case wire.Any4:
		return a.Is4()
	}
	return false
}

// CloseUDP closes a socket. EBADF: it is not open.
func (e *Engine) CloseUDP(id SocketID) syscall.Errno {
	s, slot := e.sockets.get(id)
	if s == nil {
		return syscall.EBADF
	}
	link := e.chain(s)
	for *link != slot {
		link = &e.sockets.list[*link].next
	}
	*link = s.next
	if s.connected() {
		e.sockets.connected--
	}
	e.sockets.give(slot)
	return 0
}

// Ends returns the ends of a socket, with the address and port that were chosen. EBADF: it is not open.
func (e *Engine) Ends(id SocketID) (Ends, syscall.Errno) {
	s, _ := e.sockets.get(id)
	if s == nil {
		return Ends{}, syscall.EBADF
	}
	return Ends{s.local, s.remote, s.localPort, s.remotePort, s.v6only}, 0
}

// SetUDP sets the TTL (0: Config.TTL) and TOS of what a socket sends. EBADF: it is not open.
func (e *Engine) SetUDP(id SocketID, ttl, tos uint8) syscall.Errno {
	s, _ := e.sockets.get(id)
	if s == nil {
		return syscall.EBADF
	}
	s.ttl, s.tos = ttl, tos
	return 0
}
