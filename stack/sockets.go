package stack

import (
	"encoding/binary"

	"ringstack/stack/wire"
)

// boundChains is how many chains the unconnected sockets are in, by local port: a power of two.
const boundChains = 1024

// sockets are the open UDP sockets. An unconnected one is found by its local port, a connected one by a keyed
// hash of its four ends.
type sockets struct {
	list      []socket // from 1
	limit     int
	free      uint32
	connected int
	bound     [boundChains]uint32
	flows     []uint32
}

func newSockets(limit int) sockets {
	size := 16
	for size < limit {
		size *= 2
	}
	return sockets{list: make([]socket, 1), limit: limit, flows: make([]uint32, size)}
}

func (t *sockets) take() uint32 {
	if slot := t.free; slot != 0 {
		t.free = t.list[slot].next
		return slot
	}
	if len(t.list) > t.limit {
		return 0
	}
	t.list = append(t.list, socket{})
	return uint32(len(t.list) - 1)
}

func (t *sockets) give(slot uint32) {
	t.list[slot] = socket{gen: t.list[slot].gen, next: t.free}
	t.free = slot
}

func (t *sockets) get(id SocketID) (s *socket, slot uint32) {
	slot = uint32(id)
	if int(slot) >= len(t.list) || !t.list[slot].open || t.list[slot].gen != uint32(id>>32) {
		return nil, 0
	}
	return &t.list[slot], slot
}

// chain returns the chain that a socket belongs to.
func (e *Engine) chain(s *socket) *uint32 {
	if !s.connected() {
		return &e.sockets.bound[s.localPort%boundChains]
	}
	return e.flowChain(&s.local, &s.remote, s.localPort, s.remotePort)
}

func (e *Engine) flowChain(local, remote *wire.Addr, localPort, remotePort uint16) *uint32 {
	w := func(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
	hash := e.key.Words5(w(local[:]), w(local[8:]), w(remote[:]), w(remote[8:]), uint64(localPort)<<16|uint64(remotePort)|1<<32)
	return &e.sockets.flows[hash%uint64(len(e.sockets.flows))]
}

// findSocket returns the socket for a datagram between these ends: the connected one, else that bound to the very address, else one bound to
// all addresses. 0: none.
func (e *Engine) findSocket(local, remote *wire.Addr, localPort, remotePort uint16) uint32 {
	t := &e.sockets
	if t.connected > 0 {
		for i := *e.flowChain(local, remote, localPort, remotePort); i != 0; i = t.list[i].next {
			if s := &t.list[i]; s.localPort == localPort && s.remotePort == remotePort && s.local == *local && s.remote == *remote {
				return i
			}
		}
	}
	wild := uint32(0)
	for i := t.bound[localPort%boundChains]; i != 0; i = t.list[i].next {
		s := &t.list[i]
		switch {
		case s.localPort != localPort:
		case s.local == *local:
			return i
		case s.takes(local):
			wild = i
		}
	}
	return wild
}
