package secondary

import (
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"

	"ringstack/secondary/engine"
)

// TCPConn is what Listener.Accept and DialContext return on "tcp", with the native engine: what net.TCPConn has, and more. Any goroutine
// may call its methods.
type TCPConn interface {
	net.Conn
	io.ReaderFrom // sends from where the reader has put it
	io.WriterTo   // writes from where it was queued
	Pollable
	option

	CloseRead() error
	CloseWrite() error
	SetNoDelay(on bool) error
	SetLinger(sec int) error
	SetKeepAlive(on bool) error
	SetKeepAlivePeriod(d time.Duration) error
	SetKeepAliveConfig(config net.KeepAliveConfig) error
}

// UDPConn is what ListenPacket returns, and DialContext on "udp", with the native engine: what net.UDPConn has, and more. Any goroutine
// may call its methods.
type UDPConn interface {
	net.Conn
	net.PacketConn
	Pollable
	option

	ReadFromUDP(b []byte) (n int, from *net.UDPAddr, err error)
	ReadFromUDPAddrPort(b []byte) (n int, from netip.AddrPort, err error)
	WriteToUDP(b []byte, to *net.UDPAddr) (n int, err error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (n int, err error)
	// TryReadFrom is ReadFromUDPAddrPort, and TryWriteTo is WriteToUDPAddrPort, without waiting: see Pollable.
	TryReadFrom(b []byte) (n int, from netip.AddrPort, err error)
	TryWriteTo(b []byte, to netip.AddrPort) (n int, err error)
}

// option is what can be set on all sockets.
type option interface {
	// SyscallConn fails with errors.ErrUnsupported: the kernel does not know the socket.
	syscall.Conn
	// SetReadBuffer and SetWriteBuffer fix how many bytes are queued. SetTTL sets the TTL and hop limit of what is sent, 1 to 255.
	SetReadBuffer(bytes int) error
	SetWriteBuffer(bytes int) error
	SetTTL(ttl int) error
}

// Ready says what a socket is ready for.
type Ready = engine.Ready

const (
	Readable = engine.Readable // bytes, a datagram, a connection, the end of the stream or an error has come
	Writable = engine.Writable // there is room, or an error has come
)

// Pollable is for programs that serve many sockets with few goroutines. Its calls do not wait: where Read or Write would, they
// return syscall.EAGAIN itself, not wrapped. Then, and only then, the function of SetReady is called once when it is worth while to try
// again: set it before. Deadlines hold as for Read and Write, and one that passes calls the function; Close does not.
type Pollable interface {
	// Peek copies unread bytes to b and leaves them unread; of a UDP socket, the first datagram.
	Peek(b []byte) (n int, err error)
	// TryRead is Read without waiting.
	TryRead(b []byte) (n int, err error)
	// TryWrite is Write without waiting. It takes as much of b as there is room for; a datagram whole or not at all.
	TryWrite(b []byte) (n int, err error)
	// SetReady sets the function. It is called by the loop that drives the stack, so it must return soon, and must not call anything that
	// waits, nor close what has a port registered, as listeners do; the calls of Pollable are allowed. nil: nothing is called.
	SetReady(ready func(Ready))
}

// PollableListener is what Listen returns, with the native engine.
type PollableListener interface {
	net.Listener
	SetDeadline(t time.Time) error
	// TryAccept is Accept without waiting, and SetReady is that of Pollable.
	TryAccept() (net.Conn, error)
	SetReady(ready func(Ready))
}
