package stack

import (
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// rival is one of two stacks to which the same happens: the native engine, and gVisor's as the oracle. Each has an application with one TCP
// connection, and one UDP socket on port udpPort.
type rival interface {
	// input gives it a frame. It returns when everything that follows from the frame is done, but for what waits for a timer.
	input(frame []byte)
	advance(d time.Duration)
	// frames returns what it has sent since the last call.
	frames() [][]byte
	// state is that of the connection with the peer: Closed when there is none.
	state() tcp.State

	listen()
	connect()
	write(n int)
	hold(on bool) // the application does not read
	closeWrite()
	close()

	// news returns what the application was told since the last call.
	news() []string
	// received returns the bytes that the application has read, all of the stream.
	received() []byte
	stop()
}

// The flow that rivals have with their peer.
const (
	rivalPort = 80
	peerPort  = 9000
	udpPort   = 53
)

var (
	rivalMAC = wire.MAC{2, 0, 0, 0, 0, 1}
	rival4   = v4(10, 0, 0, 1)
	rival6   = wire.Addr{0: 0xfd, 15: 1}
	peer4    = station4
	peer6    = wire.Addr{0: 0xfd, 15: 9}
)

// Buffers are such that both offer about the same window.
const rivalWindow = 65535

// streamByte is the content of a stream: what lies at a position.
func streamByte(at uint32) byte { return byte(at*7 + at>>8) }

func streamBytes(from uint32, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = streamByte(from + uint32(i))
	}
	return b
}
