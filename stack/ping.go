package stack

import (
	"syscall"

	"ringstack/stack/wire"
)

// Ping sends an echo request with data to remote; Events.EchoReply tells of the answer. local may be unspecified. ENETUNREACH: no route;
// EMSGSIZE: longer than any packet; ENOBUFS: no buffer now.
func (e *Engine) Ping(local, remote wire.Addr, id, seq uint16, data []byte) syscall.Errno {
	p, ok := e.findPath(&local, &remote, anyPort)
	if !ok {
		return syscall.ENETUNREACH
	}
	if len(data) > maxPacket-wire.IPv4Len-wire.ICMPLen {
		return syscall.EMSGSIZE
	}
	kind := wire.ICMPv6Echo
	if remote.Is4() {
		kind = wire.ICMPEcho
	}
	e.pingID = id
	if !e.sendICMP(&p, &wire.ICMP{Type: kind, Rest: uint32(id)<<16 | uint32(seq)}, data, 0) {
		return e.unopened()
	}
	return 0
}
