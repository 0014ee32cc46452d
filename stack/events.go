package stack

import (
	"syscall"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// Events is the application's side; of its part of TCP see there. Calls come from inside Input and Poll;
// a handler may make any call. Slices and pointers are valid during the call only.
type Events interface {
	tcp.Events

	// Datagram hands over a received datagram.
	Datagram(id SocketID, d *Datagram)
	// SocketError tells of an ICMP error about, or no neighbour for, a datagram sent to remote: ECONNREFUSED, EHOSTUNREACH, ENETUNREACH,
	// EMSGSIZE and others. The socket stays usable. A connected socket would report it, RFC 1122 section 4.1.3.3.
	SocketError(id SocketID, remote wire.Addr, port uint16, err syscall.Errno)
	// EchoReply hands over the answer to a Ping, or what claims to be one.
	EchoReply(remote *wire.Addr, id, seq uint16, data []byte)
	// Conflict tells that another station uses our address, or defends one that we were about to use.
	Conflict(port int, addr wire.Addr, mac wire.MAC)
}

// SocketID names a UDP socket: slot number and the slot's generation. 0 names nothing, and an ID that is no longer
// valid never names a later socket.
type SocketID uint64

func makeSocketID(slot, gen uint32) SocketID { return SocketID(gen)<<32 | SocketID(slot) }

// Datagram is a UDP datagram, received or to be sent.
type Datagram struct {
	Local      wire.Addr // received: its destination; to send: the source, unspecified: as the socket is bound, or chosen by route
	Remote     wire.Addr // to send on a connected socket: unspecified
	RemotePort uint16
	Port       int   // received: the port that it came in by, -1: from ourselves
	TTL        uint8 // received: as it was; to send: 0 stands for the socket's
	TOS        uint8 // with the ECN field
	Data       []byte
}
