package engine

import (
	"net/netip"
	"time"
)

// Handler is a program's side of a TCP connection whose events run in the loop. The loop calls all its methods, one at a time;
// each must return soon, as everything else of this secondary waits for it. Embed Ignore for the methods that a program
// does not need.
type Handler interface {
	// Open says that the connection is established.
	Open(c Conn)
	// Data says that bytes, or the end of the peer's stream, have come: see Conn.Peek and Conn.EOF. What is left unread stays, and
	// fills the receive window; Data comes again when more does.
	Data(c Conn)
	// Writable says that there is room again after Write or Room gave less than was wanted.
	Writable(c Conn)
	// Timer says that the time of Conn.SetTimer has come.
	Timer(c Conn)
	// Closed is the last call. err is nil when both sides ended in order, else why the connection ended, or why it
	// could not be opened: syscall.ECONNREFUSED, ECONNRESET, ETIMEDOUT and so on, or net.ErrClosed when the engine has ended: that
	// call comes from the goroutine that closes the engine, after the loop's last turn.
	Closed(c Conn, err error)
}

// Ignore is a Handler that does nothing, to be embedded. It never closes: a Handler that embeds it has a Data of its own
// that does.
type Ignore struct{}

// Open implements Handler.
func (Ignore) Open(Conn) {}

// Data implements Handler.
func (Ignore) Data(Conn) {}

// Writable implements Handler.
func (Ignore) Writable(Conn) {}

// Timer implements Handler.
func (Ignore) Timer(Conn) {}

// Closed implements Handler.
func (Ignore) Closed(Conn, error) {}

// Conn is a TCP connection as a Handler sees it. Its methods belong to the loop: call them from a Handler, of this
// connection or another of the same engine, or through Events.Post. On a connection that has ended they do nothing.
type Conn interface {
	// Peek returns the next unread bytes as far as they lie together, where the stack has them; in Data that is the received frame
	// itself. They are valid until Discard or the end of the handler's call. nil: there are none.
	Peek() []byte
	// Discard drops the first n unread bytes.
	Discard(n int)
	// EOF reports that the peer has ended its stream and that all of it was read.
	EOF() bool

	// Write queues b as far as there is room and returns how many bytes it took. When that is less than all, Writable follows.
	// What is written in one turn of the loop leaves together.
	Write(b []byte) int
	// Room returns memory of the send buffer to be written in place; Commit queues the first n bytes of it. It is valid until
	// the next call on this connection or the end of the handler's call. nil: there is none now, and Writable follows.
	Room() []byte
	// Commit queues the first n bytes of the last Room.
	Commit(n int)

	// CloseWrite ends our stream after what is queued.
	CloseWrite()
	// Close ends the connection after what is queued; with unread bytes it is reset (RFC 2525 section 2.17). Only Closed follows.
	Close()
	// Abort resets the connection. Nothing follows.
	Abort()

	// SetTimer makes Timer come once, d from now; it moves the time of a timer that runs. 0 stops it.
	SetTimer(d time.Duration)
	// SetNoDelay switches Nagle's algorithm off, as it is by default, or on.
	SetNoDelay(on bool)
	// LocalAddr is this end; RemoteAddr the other.
	LocalAddr() netip.AddrPort
	RemoteAddr() netip.AddrPort
}

// PacketHandler takes a datagram of a UDP socket in the loop. b is valid during the call only, and lies where the stack has
// it.
type PacketHandler func(s PacketConn, from netip.AddrPort, b []byte)

// PacketConn is a UDP socket as its handler sees it.
type PacketConn interface {
	// Send sends a datagram; the loop calls it. An error is syscall.ENOBUFS when no buffer is free, EMSGSIZE, EHOSTUNREACH and so on.
	Send(to netip.AddrPort, b []byte) error
	// LocalAddr is where it is bound.
	LocalAddr() netip.AddrPort
	// Close ends the socket: when it returns, the handler is called no more. It waits for the loop, so a handler must not call it.
	Close() error
}

// Listener is where connections for Handlers come in. Any goroutine may use it.
type Listener interface {
	Addr() netip.AddrPort
	// Close stops listening; connections that are open stay. It waits for the loop, so a handler must not call it.
	Close() error
}

// Events are engines that run handlers in their loop. Any goroutine may call the methods, but of them only Post
// from inside a handler: the others wait for the loop.
type Events interface {
	// ServeTCP accepts connections to addr, whose IP may be invalid: any. accept, which the loop calls, gives each
	// connection its Handler.
	ServeTCP(addr netip.AddrPort, accept func() Handler) (Listener, error)
	// ConnectTCP opens a connection; local is as for Engine.DialTCP. It returns when the attempt has begun: h.Open or h.Closed
	// tells how it ended.
	ConnectTCP(local, remote netip.AddrPort, h Handler) error
	// ServeUDP gives h the datagrams to addr.
	ServeUDP(addr netip.AddrPort, h PacketHandler) (PacketConn, error)
	// Post makes the loop run f, unless the engine ends before; false: it has ended.
	Post(f func()) bool
}
