package tcp

import (
	"testing"
	"time"
)

// crowd makes connections that each have sent n bytes.
func crowd(t *testing.T, conns int, n string) *script {
	s := newScript(t)
	s.start()
	for i := range conns {
		s.peer = uint16(10000 + i)
		s.handshake([]string{"mss=1000"})
		s.now -= 10 * time.Millisecond
		s.call([]string{"write", n}, 0)
		s.wire = nil
	}
	return s
}

// While there are no buffers, a turn costs as little with many connections that wait as with few. All of them send as soon as there are.
func TestManyWaitForBuffers(t *testing.T) {
	const conns = 1000
	s := crowd(t, conns, "0")
	s.dead = true
	for i := range conns {
		s.peer = uint16(10000 + i)
		s.tcp.Write(s.current().id, make([]byte, 100))
	}
	for turn := uint64(1); turn <= 10; turn++ {
		s.now += time.Millisecond
		s.turn()
		if n := s.tcp.Stats()[OutNoBuf]; n != turn*refusals {
			t.Fatalf("%d connections have tried in %d turns", n, turn)
		}
	}
	s.dead = false
	s.turn()
	if len(s.wire) != conns {
		t.Errorf("%d segments", len(s.wire))
	}
}

// A timeout is no sign of a bad path while the repetition waits for a buffer, nor while it waits behind others that do.
func TestNoBackOffWithoutBuffers(t *testing.T) {
	const conns = 1000
	s := crowd(t, conns, "1000")
	for s.dead = true; s.now < time.Hour; s.now += time.Second {
		s.turn()
	}
	for i := range conns {
		s.peer = uint16(10000 + i)
		if _, c := s.tcp.conn(s.current().id); c == nil || c.backoff > 1 {
			t.Fatalf("connection %d: %+v", i, c)
		}
	}
}
