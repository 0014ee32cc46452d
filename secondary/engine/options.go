package engine

import "net"

// Options say how a socket is opened. The zero value is a usual socket of package net.
type Options struct {
	Network     string               // as errors name it, "tcp4" for instance; "": "tcp" or "udp"
	ReadBuffer  int                  // bytes, as for net.TCPConn.SetReadBuffer; 0: the engine's choice
	WriteBuffer int                  // bytes, as for net.TCPConn.SetWriteBuffer; 0: the engine's choice
	TTL         int                  // and hop limit of what is sent; 0: net.inet.ip.ttl
	Nagle       bool                 // TCP: small segments wait for the acknowledgement of what is under way
	KeepAlive   *net.KeepAliveConfig // TCP, as for net.TCPConn.SetKeepAliveConfig; nil: package net's
	Linger      *int                 // TCP, seconds as for net.TCPConn.SetLinger; nil: what is queued is sent

	// Closing is called once, by the goroutine that closes the socket, while the socket is still open. nil: nothing is.
	// Connections that a listener accepts have all its options but this one.
	Closing func()
}
