//go:build !race

// Under the race detector a sync.Pool forgets things at random.

package native

import (
	"io"
	"net"
	"testing"

	"ringstack/secondary/enginetest"
)

// A request on an established connection allocates nothing: at neither end, in calls, loop and stack.
func TestRequestAllocatesNothing(t *testing.T) {
	w := enginetest.NewWire(t, New)
	clients, servers := w.Connect(t, 1)
	go io.CopyBuffer(struct{ io.Writer }{servers[0]}, struct{ io.Reader }{servers[0]}, make([]byte, 4096))
	buf := make([]byte, 64)
	if n := testing.AllocsPerRun(1000, func() { exchange(t, clients[0], buf) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func exchange(t *testing.T, c net.Conn, buf []byte) {
	if _, err := c.Write(buf); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, buf); err != nil {
		t.Fatal(err)
	}
}
