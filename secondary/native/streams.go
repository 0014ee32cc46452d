package native

import (
	"syscall"

	"ringstack/secondary/engine"
	"ringstack/stack/tcp"
)

// stream is who the stack's news of a TCP connection are for: a conn, which is a net.Conn, or an eventConn, which has a Handler. The
// loop calls it.
type stream interface {
	readable()
	writable()
	// ended says that the stack is about to forget the connection.
	ended(errno syscall.Errno)
	// abandon ends it with the engine.
	abandon()
}

// opening is a stream that is being opened. connected ends that; with an error other than 0 nothing follows.
type opening interface {
	stream
	connected(errno syscall.Errno)
}

// acceptor is who new connections of a listener are for.
type acceptor interface {
	accepted(id tcp.ID, info *tcp.Info)
	abandon()
}

// adopt notes who has a connection that the stack has made, and gives it its settings.
func (h *host) adopt(id tcp.ID, s stream, o *engine.Options) {
	h.streams.put(uint64(id), s)
	h.configure(id, o)
}

// Accepted implements tcp.Events.
func (h *host) Accepted(listener, id tcp.ID) {
	l := h.listeners[listener]
	if l == nil {
		h.tcp.Abort(id) // its listener was closed meanwhile
		return
	}
	info, _ := h.tcp.Info(id)
	l.accepted(id, &info)
}

// Connected implements tcp.Events.
func (h *host) Connected(id tcp.ID, errno syscall.Errno) {
	s, _ := h.streams.get(uint64(id))
	if errno != 0 {
		h.streams.drop(uint64(id))
	}
	if o, ok := s.(opening); ok {
		o.connected(errno)
	}
}

// Readable implements tcp.Events.
func (h *host) Readable(id tcp.ID) {
	if s, ok := h.streams.get(uint64(id)); ok {
		s.readable()
	}
}

// Writable implements tcp.Events.
func (h *host) Writable(id tcp.ID) {
	if s, ok := h.streams.get(uint64(id)); ok {
		s.writable()
	}
}

// Closed implements tcp.Events.
func (h *host) Closed(id tcp.ID, errno syscall.Errno) {
	if s, ok := h.streams.get(uint64(id)); ok {
		h.streams.drop(uint64(id))
		s.ended(errno)
	}
}
