package native

import (
	"net/netip"
	"syscall"

	"ringstack/stack"
	"ringstack/stack/wire"
)

// socket is who the stack's news of a UDP socket are for: a udpConn, or a packetConn, which has a handler. The loop calls it.
type socket interface {
	datagram(d *stack.Datagram)
	// failed tells of an ICMP error.
	failed(errno syscall.Errno)
	// abandon ends it with the engine.
	abandon()
}

// openSocket binds a socket of the stack, whose news are for s, and fills in what was open of its ends.
func (h *host) openSocket(s socket, ends *stack.Ends, local netip.Addr) (stack.SocketID, syscall.Errno) {
	if errno := h.bindable(local); errno != 0 && !local.IsMulticast() {
		return 0, errno
	}
	id, errno := h.stack.OpenUDP(*ends)
	if errno == 0 {
		h.stack.SetUDP(id, h.settings.ttl, 0)
		*ends, _ = h.stack.Ends(id)
		h.sockets.put(uint64(id), s)
	}
	return id, errno
}

// Datagram implements stack.Events.
func (h *host) Datagram(id stack.SocketID, d *stack.Datagram) {
	if s, ok := h.sockets.get(uint64(id)); ok {
		s.datagram(d)
	}
}

// SocketError implements stack.Events.
func (h *host) SocketError(id stack.SocketID, _ wire.Addr, _ uint16, errno syscall.Errno) {
	if s, ok := h.sockets.get(uint64(id)); ok {
		s.failed(errno)
	}
}

// EchoReply implements stack.Events.
func (h *host) EchoReply(*wire.Addr, uint16, uint16, []byte) {}

// Conflict implements stack.Events; the stack counts it.
func (h *host) Conflict(int, wire.Addr, wire.MAC) {}
