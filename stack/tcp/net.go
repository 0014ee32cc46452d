package tcp

import (
	"syscall"

	"ringstack/stack/wire"
)

// Route is where a connection's packets go, as the IP layer answered.
type Route struct {
	Local, Remote wire.Addr
	Path          uint32 // handle of the IP layer
	MTU           int32  // largest IP packet in bytes
	TTL           uint8  // 0: the IP layer's default
	TOS           uint8  // traffic class without its ECN bits
}

// Net is what TCP needs of the IP layer. All calls come from the engine's goroutine, from inside a call to Transport.
type Net interface {
	// Route finds the way to remote. An unspecified local asks for a source address.
	Route(local, remote wire.Addr) (r Route, ok bool)
	// Segment returns n bytes for a TCP header and payload, or nil when no buffer is free now.
	Segment(r *Route, n int) []byte
	// Send completes the last Segment: the TCP checksum, from the header as written and the payload's partial sum, and the
	// IP and link headers. ecn is the ECN field of the IP header (RFC 3168 section 5).
	Send(r *Route, payloadSum uint32, ecn uint8)
	// PathMTU returns the MTU known for r now.
	PathMTU(r *Route) int
	// Confirm says that the remote end receives what is sent on r (RFC 4861 section 7.3.1). Only while ReportProgress is on.
	Confirm(r *Route)
}

// Events is the application's side. Calls come from inside Input, Tick, Flush and Unreachable, never from inside the
// application's own calls, so a handler may make any call on any connection; only the engine's own calls, Input, Tick, Flush and
// Unreachable, must not be made from inside one.
type Events interface {
	// Accepted hands over a connection whose handshake is complete.
	Accepted(listener, conn ID)
	// Connected ends a Connect. With an error other than 0 the id is invalid after the call.
	Connected(conn ID, err syscall.Errno)
	// Readable says that bytes in order or the end of the stream arrived. Inside the call Peek may show the bytes where the
	// device put them; what is not consumed there is copied when the call returns.
	Readable(conn ID)
	// Writable says that a Write which took less than it was given may be tried again.
	Writable(conn ID)
	// Closed ends a connection: err is 0 after Close and an orderly end. Unread bytes can still be read inside the call; the
	// id is invalid after it.
	Closed(conn ID, err syscall.Errno)
}

// Packet is one received segment.
type Packet struct {
	Local, Remote wire.Addr // destination and source of the IP packet
	Segment       []byte    // TCP header and payload, cut to the IP length; read only during Input
	ECN           uint8     // ECN field of the IP header
	Checked       bool      // the TCP checksum is known to be right
}
