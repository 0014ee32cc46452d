package enginetest

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// RequestResponse measures requests of 64 bytes and answers of the same size, each end of each of n connections with a goroutine
// of its own.
func RequestResponse(b *testing.B, open Open, n int) {
	w := NewWire(b, open)
	clients, servers := w.Connect(b, n)
	for _, s := range servers {
		go answer(s)
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan error, n)
	b.ReportAllocs()
	b.ResetTimer()
	for _, c := range clients {
		go func() { done <- ask(c, &left) }()
	}
	for range clients {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	b.StopTimer()
	for i := range clients {
		clients[i].Close()
		servers[i].Close()
	}
}

const requestSize = 64

func answer(c net.Conn) {
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

func ask(c net.Conn, left *atomic.Int64) error {
	buf := make([]byte, requestSize)
	for left.Add(-1) >= 0 {
		if _, err := c.Write(buf); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			return err
		}
	}
	return nil
}
