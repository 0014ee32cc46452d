package enginetest

import "testing"

// program is a Go program with a part on each of two hosts.
type program struct {
	name string
	run  func(t *testing.T, a, b *host)
}

// moving programs move much, or have many connections.
var moving = []program{
	{"HTTP", testHTTP},
	{"HTTP2", testHTTP2},
	{"HTTP2Clear", testHTTP2Clear},
	{"TLS", testTLS},
	{"TLSHalfClose", testTLSHalfClose},
	{"WebSocket", testWebSocket},
	{"Streams", testStreams},
	{"Crowd", testCrowd},
	{"ReverseProxy", testReverseProxy},
}

// waiting programs are about who waits for whom, and for how long.
var waiting = []program{
	{"SlowReaders", testSlowReaders},
	{"Pool", testPool},
	{"IdleConnections", testIdleConnections},
	{"ClientTimeouts", testClientTimeouts},
	{"ServerTimeouts", testServerTimeouts},
	{"Shutdown", testShutdown},
	{"ShutdownTooLong", testShutdownTooLong},
}

// Programs runs Go's own servers and clients on two engines: net/http with all that it does to connections, crypto/tls,
// WebSocket, and streams that go both ways at once.
func Programs(t *testing.T, open Open) {
	runPrograms(t, open, moving, Impairment{})
	runPrograms(t, open, waiting, Impairment{})
}

// ProgramsOnABadCable runs those that move much over a cable that loses and reorders.
func ProgramsOnABadCable(t *testing.T, open Open) {
	runPrograms(t, open, moving, Impairment{Loss: 0.01, Reorder: 0.01, Seed: 1})
}

func runPrograms(t *testing.T, open Open, programs []program, cable Impairment) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel() // many wait for timers
			a, b := newHost(t, open, 1), newHost(t, open, 2)
			impair(a, b, cable)
			t.Cleanup(start(a, b))
			p.run(t, a, b)
		})
	}
}
