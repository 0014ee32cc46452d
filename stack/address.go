package stack

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"time"

	"ringstack/stack/wire"
)

// addressKind is what a packet to an address is for us.
type addressKind uint8

const (
	unicast    addressKind = iota
	tentative              // not ours before duplicate address detection ends (RFC 4862 section 5.4)
	duplicated             // somebody else has it
	subnetCast             // broadcast to one of our networks
)

// address is one of ours.
type address struct {
	addr      wire.Addr
	bits      int // of the network, of 128
	port      uint8
	kind      addressKind
	virtual   bool // not chosen as source (a VIP)
	auto      bool // from a router's prefix
	preferred time.Duration
	valid     time.Duration // autoconfigured ones end then
	detectAt  time.Duration // next step of detection
	probes    uint8
	nonce     [wire.NonceLen]byte
}

// deprecated addresses begin no new communication (RFC 4862 section 5.5.4).
func (a *address) deprecated(now time.Duration) bool { return a.auto && now >= a.preferred }

// addressTable finds addresses by open addressing. Only the configuration chooses what is in it.
type addressTable struct {
	list  []address
	index []uint16 // position in list plus 1; 0: empty
}

func addressHash(a *wire.Addr) uint64 {
	x := binary.LittleEndian.Uint64(a[:]) ^ binary.LittleEndian.Uint64(a[8:])
	return x * 0x9e3779b97f4a7c15 >> 32
}

// find returns our address a, nil when it is not ours.
func (t *addressTable) find(a *wire.Addr) *address {
	mask := uint64(len(t.index) - 1)
	for i := addressHash(a) & mask; t.index[i] != 0; i = (i + 1) & mask {
		if found := &t.list[t.index[i]-1]; found.addr == *a {
			return found
		}
	}
	return nil
}

// rebuild makes the index anew. A quarter of it is used at most.
func (t *addressTable) rebuild() {
	size := 16
	for size < 4*len(t.list) {
		size *= 2
	}
	if len(t.index) != size {
		t.index = make([]uint16, size)
	}
	clear(t.index)
	mask := uint64(size - 1)
	for n := range t.list {
		i := addressHash(&t.list[n].addr) & mask
		for t.index[i] != 0 {
			i = (i + 1) & mask
		}
		t.index[i] = uint16(n + 1)
	}
}

func (t *addressTable) add(a address) {
	t.list = append(t.list, a)
	t.rebuild()
}

func (t *addressTable) remove(match func(*address) bool) {
	kept := t.list[:0]
	for i := range t.list {
		if !match(&t.list[i]) {
			kept = append(kept, t.list[i])
		}
	}
	t.list = kept
	t.rebuild()
}

// AddAddress gives a port an address and the route to its network. The first of a network is the source of
// packets to it; a virtual one is never chosen as source, but answers. EEXIST: an engine has an address once;
// EINVAL: no unicast address; ENOBUFS: Config.Addresses are in use.
func (e *Engine) AddAddress(port int, p netip.Prefix, virtual bool) syscall.Errno {
	n := newPrefix(p)
	if port < 0 || port >= len(e.ports) || !p.IsValid() || !n.addr.IsUnicast() || n.addr.IsLoopback() {
		return syscall.EINVAL
	}
	return e.addAddress(address{addr: n.addr, bits: n.bits, port: uint8(port), virtual: virtual})
}

func (e *Engine) addAddress(a address) syscall.Errno {
	switch {
	case e.addresses.find(&a.addr) != nil:
		return syscall.EEXIST
	case len(e.addresses.list)+2 > 2*e.config.Addresses:
		return syscall.ENOBUFS
	}
	network := prefix{a.addr, a.bits}
	network = network.masked()
	p := &e.ports[a.port]
	if !a.addr.Is4() {
		e.joinSolicited(p, &a.addr)
		if p.config.Detect && e.speaks() {
			e.detectLater(&a)
		}
	} else if last := network.last(); a.bits < 127 && e.addresses.find(&last) == nil {
		e.addresses.add(address{addr: last, bits: a.bits, port: a.port, kind: subnetCast})
	}
	e.addresses.add(a)
	if !a.auto { // of a router's prefix only its on-link flag tells (RFC 5942 section 4)
		e.addRoute(route{prefix: network, port: a.port, connected: true})
	}
	e.flushHops()
	if a.kind == unicast {
		e.announce(p, &a.addr)
	}
	return 0
}

// RemoveAddress takes an address from its port. ENOENT: no port has it.
func (e *Engine) RemoveAddress(addr netip.Addr) syscall.Errno {
	a := wire.FromNetip(addr)
	found := e.addresses.find(&a)
	if found == nil || found.kind == subnetCast {
		return syscall.ENOENT
	}
	gone := *found
	e.addresses.remove(func(x *address) bool { return x.addr == a })
	e.leaveSolicited(&e.ports[gone.port], &a)
	e.forgetNetwork(&gone)
	e.flushHops()
	return 0
}

// forgetNetwork removes the route and broadcast address of a network in which we have no address any more.
func (e *Engine) forgetNetwork(gone *address) {
	network := prefix{gone.addr, gone.bits}
	network = network.masked()
	for i := range e.addresses.list {
		a := &e.addresses.list[i]
		if a.kind != subnetCast && a.port == gone.port && a.bits == gone.bits && network.contains(&a.addr) {
			return
		}
	}
	last := network.last()
	e.addresses.remove(func(x *address) bool { return x.kind == subnetCast && x.addr == last })
	e.removeRoutes(func(r *route) bool { return r.connected && r.port == gone.port && r.prefix == network })
}

// Addresses calls yield for every address until it returns false.
func (e *Engine) Addresses(yield func(port int, p netip.Prefix) bool) {
	for i := range e.addresses.list {
		a := &e.addresses.list[i]
		if a.kind == subnetCast {
			continue
		}
		bits := a.bits
		if a.addr.Is4() {
			bits -= 96
		}
		if !yield(int(a.port), netip.PrefixFrom(a.addr.Netip(), bits)) {
			return
		}
	}
}
