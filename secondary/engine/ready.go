package engine

// Ready says what a socket is ready for.
type Ready uint8

const (
	Readable Ready = 1 << iota // bytes, a datagram, a connection, the end of the stream or an error has come
	Writable                   // there is room, or an error has come
)
