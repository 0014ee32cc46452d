package tcp

import (
	"syscall"

	"ringstack/stack/wire"
)

// ListenConfig describes a listener.
type ListenConfig struct {
	Addr     wire.Addr // zero: any of both versions; wire.Any4: any IPv4 address
	V6Only   bool      // a zero Addr is any IPv6 address
	Port     uint16
	Backlog  int // connections handed over and not yet taken by Take; 0: no limit, Take is not needed
	HalfOpen int // half-open connections before SYN cookies; 0: 1024
}

// match tells how closely a listener stands for a local address; 0: not at all.
func (lc *ListenConfig) match(local *wire.Addr) int {
	switch {
	case lc.Addr == *local:
		return 3
	case lc.Addr == wire.Any4 && local.Is4():
		return 2
	case lc.Addr == wire.Addr{} && !(lc.V6Only && local.Is4()):
		return 1
	}
	return 0
}

// collides reports whether a listener has all the addresses of another. One for a single address may be beside one for all.
func (lc *ListenConfig) collides(o *ListenConfig) bool {
	return lc.Addr == o.Addr || o.Addr.IsUnspecified() && lc.match(&o.Addr) > 0
}

type listener struct {
	ListenConfig
	gen      uint32
	next     uint32 // on the same port
	pending  int    // handed over and not taken
	halfOpen int
	open     bool
}

type listeners struct {
	ports []uint16 // port -> first listener
	list  []listener
	free  []uint16
}

const maxListeners = 65535

// Listen starts to accept connections. Errors: EINVAL, EADDRINUSE (a listener has these addresses), ENOBUFS.
func (t *Transport) Listen(lc ListenConfig) (ID, syscall.Errno) {
	if lc.Port == 0 || lc.Backlog < 0 || lc.HalfOpen < 0 {
		return 0, syscall.EINVAL
	}
	orDefault(&lc.HalfOpen, 1024)
	ls := &t.listeners
	if ls.ports == nil {
		ls.ports = make([]uint16, 65536)
		ls.list = make([]listener, 1)
	}
	for i := uint32(ls.ports[lc.Port]); i != 0; i = ls.list[i].next {
		if o := &ls.list[i].ListenConfig; o.collides(&lc) || lc.collides(o) {
			return 0, syscall.EADDRINUSE
		}
	}
	i := ls.slot()
	if i == 0 {
		return 0, syscall.ENOBUFS
	}
	l := &ls.list[i]
	*l = listener{ListenConfig: lc, gen: l.gen + 1, next: uint32(ls.ports[lc.Port]), open: true}
	ls.ports[lc.Port] = i
	return makeID(uint32(i), l.gen), 0
}

func (ls *listeners) slot() uint16 {
	if n := len(ls.free); n > 0 {
		i := ls.free[n-1]
		ls.free = ls.free[:n-1]
		return i
	}
	if len(ls.list) > maxListeners {
		return 0
	}
	ls.list = append(ls.list, listener{})
	return uint16(len(ls.list) - 1)
}

// CloseListener stops accepting. Connections handed over live on; handshakes under way are reset when they complete.
func (t *Transport) CloseListener(id ID) syscall.Errno {
	l := t.listener(id)
	if l == nil {
		return syscall.EBADF
	}
	ls := &t.listeners
	if i := uint32(ls.ports[l.Port]); i == id.index() {
		ls.ports[l.Port] = uint16(l.next)
	} else {
		for ls.list[i].next != id.index() {
			i = ls.list[i].next
		}
		ls.list[i].next = l.next
	}
	l.open = false
	ls.free = append(ls.free, uint16(id.index()))
	return 0
}

func (t *Transport) listener(id ID) *listener {
	i := id.index()
	if i == 0 || int(i) >= len(t.listeners.list) {
		return nil
	}
	if l := &t.listeners.list[i]; l.open && l.gen == id.gen() {
		return l
	}
	return nil
}

// listenerFor finds the listener for a local address: an exact one before one for any address.
func (t *Transport) listenerFor(local *wire.Addr, port uint16) ID {
	ls := &t.listeners
	if ls.ports == nil {
		return 0
	}
	var best ID
	rank := 0
	for i := uint32(ls.ports[port]); i != 0; i = ls.list[i].next {
		l := &ls.list[i]
		if r := l.match(local); r > rank {
			rank, best = r, makeID(i, l.gen)
		}
	}
	return best
}

// full: as many connections wait to be taken as the backlog allows. New SYNs are then dropped, and handshakes stay half-open: the peer's
// retransmissions find room later.
func (l *listener) full() bool { return l.Backlog > 0 && l.pending >= l.Backlog }

// Take tells that an accepted connection no longer counts against its listener's backlog.
func (t *Transport) Take(id ID) {
	if _, c := t.conn(id); c != nil {
		t.taken(c)
	}
}

func (t *Transport) taken(c *conn) {
	if !c.has(notTaken) {
		return
	}
	c.clear(notTaken)
	if l := t.listener(c.parent); l != nil {
		l.pending--
	}
}

// listenInput handles a segment that belongs to no connection (RFC 9293 sections 3.10.7.1 and 3.10.7.2).
func (t *Transport) listenInput(p *Packet, s *segment, hash uint32) {
	if !p.Remote.IsUnicast() || !p.Local.IsUnicast() || s.srcPort == 0 {
		t.stats[BadAddr]++
		return
	}
	if s.has(wire.RST) {
		return
	}
	id := t.listenerFor(&p.Local, s.dstPort)
	if id == 0 {
		t.stats[NoPort]++
		if !t.cfg.Blackhole {
			t.resetStranger(p, s)
		}
		return
	}
	switch {
	case s.has(wire.ACK):
		if s.has(wire.SYN) || !t.cookieInput(p, id, s, hash) {
			t.resetStranger(p, s)
		}
	case s.has(wire.SYN) && !s.has(wire.FIN):
		t.synInput(p, id, s, hash, 0)
	default:
		t.stats[BadSyn]++
	}
}
