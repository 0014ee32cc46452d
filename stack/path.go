package stack

import (
	"encoding/binary"

	"ringstack/stack/wire"
)

const (
	loopMTU     = 16384 // bytes of IP packet to own addresses
	recentPaths = 256   // a power of two
	anyPort     = -1
	noPort      = 255 // of a loop hop
)

// recent is a path found lately, so that datagrams to many destinations need no walk over routes and addresses.
type recent struct {
	local, remote wire.Addr // as asked
	path          path
}

// findPath finds the way from local, which may be unspecified, to remote, out of a given port or any. ok is
// false when there is no route, or no address of ours fits. A given local is not checked to be ours.
func (e *Engine) findPath(local, remote *wire.Addr, port int) (p path, ok bool) {
	hash := pathHash(local, remote)
	r := &e.recent[hash%recentPaths]
	if port == anyPort && r.remote == *remote && r.local == *local && r.path.Path>>hopBits == e.hops.version<<hopBits>>hopBits {
		return r.path, true
	}
	p, ok = e.walkPath(local, remote, port, hash)
	if ok && port == anyPort {
		*r = recent{*local, *remote, p}
	}
	return p, ok
}

func pathHash(local, remote *wire.Addr) uint64 {
	w := func(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
	x := (w(local[:])^w(remote[:]))*0x9e3779b97f4a7c15 ^ w(local[8:])*0xff51afd7ed558ccd ^ w(remote[8:])
	x *= 0xc4ceb9fe1a85ec53
	return x >> 32
}

func (e *Engine) walkPath(local, remote *wire.Addr, port int, hash uint64) (p path, ok bool) {
	p = path{Local: *local, Remote: *remote, TTL: e.config.TTL}
	if remote.IsUnspecified() {
		return p, false
	}
	ours := e.addresses.find(remote)
	if remote.IsLoopback() || ours != nil && ours.kind == unicast {
		if local.IsUnspecified() {
			p.Local = *remote
		}
		p.Path, p.MTU = e.findHop(noPort, hopLoop, &wire.Addr{}), loopMTU
		return p, true
	}
	if ours != nil && ours.kind != subnetCast || local.IsLoopback() {
		return p, false
	}
	kind, out, gateway := e.exit(local, remote, ours, port, hash)
	if out < 0 {
		return p, false
	}
	if local.IsUnspecified() {
		src := e.source(uint8(out), remote)
		if src == nil {
			return p, false
		}
		p.Local = src.addr
	}
	p.Path, p.MTU = e.findHop(uint8(out), kind, &gateway), int32(e.ports[out].mtu(remote.Is4()))
	p.TTL = e.ttl(&e.hops.list[p.Path&(maxHops-1)], remote)
	return p, true
}

// exit chooses the port and the next hop for a destination that is not ours.
func (e *Engine) exit(local, remote *wire.Addr, ours *address, port int, hash uint64) (kind hopKind, out int, next wire.Addr) {
	group := remote.IsMulticast() || remote.IsBroadcast()
	if ours != nil { // a broadcast address of one of our networks
		return hopGroup, int(ours.port), *remote
	}
	if port < 0 && (group || remote.IsLinkLocal()) {
		// A port that the sender's address tells goes before the routes: each port has such destinations.
		if a := e.addresses.find(local); a != nil {
			port = int(a.port)
		}
	}
	r := e.lookup(remote, port, hash)
	switch {
	case group && r != nil:
		return hopGroup, int(r.port), *remote
	case group:
		return hopGroup, max(port, 0), *remote
	case r == nil:
		return 0, -1, next
	case r.gateway == wire.Addr{}:
		return hopNeighbour, int(r.port), *remote
	}
	return hopNeighbour, int(r.port), r.gateway
}
