package stack

import (
	"encoding/binary"

	"ringstack/stack/neigh"
	"ringstack/stack/wire"
)

// A path handle is the number of a next hop, in its low bits, under the version of the routes that it was found with.
const (
	hopBits = 12
	maxHops = 1 << hopBits
)

// hop is a station on a link, or this engine.
type hop struct {
	addr wire.Addr // next hop; of a group or broadcast the destination
	ref  neigh.Ref
	mac  wire.MAC // of a group or broadcast
	next uint16   // in the hash chain
	port uint8
	kind hopKind
}

type hopKind uint8

const (
	hopNeighbour hopKind = iota
	hopGroup             // multicast or broadcast
	hopLoop              // our own address
)

// path is where packets of a flow go. It has the form of tcp.Route.
type path struct {
	Local, Remote wire.Addr
	Path          uint32 // version<<hopBits | number of the hop
	MTU           int32
	TTL           uint8
	TOS           uint8
}

// hops are the next hops in use. Paths name them by number, so they are only ever forgotten all together.
type hops struct {
	list    []hop // from 1
	buckets []uint16
	version uint32
}

// flushHops makes every path look for its hop again: routes or addresses have changed.
func (e *Engine) flushHops() {
	e.hops.list = e.hops.list[:1]
	clear(e.hops.buckets)
	e.hops.version++
}

// find returns the number of a hop, which it makes if needed.
func (e *Engine) findHop(port uint8, kind hopKind, addr *wire.Addr) uint32 {
	h := &e.hops
	hash := e.key.Words2(binary.LittleEndian.Uint64(addr[:])^uint64(port)<<8^uint64(kind), binary.LittleEndian.Uint64(addr[8:]))
	bucket := &h.buckets[hash%uint64(len(h.buckets))]
	for i := *bucket; i != 0; i = h.list[i].next {
		if o := &h.list[i]; o.addr == *addr && o.port == port && o.kind == kind {
			return h.version<<hopBits | uint32(i)
		}
	}
	if len(h.list) == cap(h.list) {
		e.flushHops()
	}
	n := hop{addr: *addr, port: port, kind: kind, next: *bucket}
	if kind == hopGroup {
		n.mac = wire.BroadcastMAC
		if addr.IsMulticast() {
			n.mac = wire.MulticastMAC(addr)
		}
	}
	*bucket = uint16(len(h.list))
	h.list = append(h.list, n)
	return h.version<<hopBits | uint32(*bucket)
}

// hopOf returns the hop of a path, after finding the path anew if routes have changed since; nil: no route any more.
func (e *Engine) hopOf(p *path) *hop {
	if p.Path>>hopBits != e.hops.version<<hopBits>>hopBits {
		fresh, ok := e.findPath(&p.Local, &p.Remote, -1)
		if !ok {
			return nil
		}
		p.Path, p.MTU = fresh.Path, fresh.MTU
	}
	return &e.hops.list[p.Path&(maxHops-1)]
}
