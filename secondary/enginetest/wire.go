package enginetest

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"ringstack/internal/cable"
)

// Wire joins two engines for measurements: one goroutine drives both and allocates nothing.
type Wire struct{ *cable.Cable }

// NewWire joins two engines and drives them until the test's end.
func NewWire(tb testing.TB, open Open) *Wire {
	c, err := cable.New(open)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return &Wire{c}
}

// Connect opens n connections and returns both ends of each.
func (w *Wire) Connect(tb testing.TB, n int) (clients, servers []net.Conn) {
	l, err := w.Server.ListenTCP(w.Addr(80), nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	for range n {
		c, err := w.Client.DialTCP(context.Background(), netip.AddrPort{}, w.Addr(80), nil)
		if err != nil {
			tb.Fatal(err)
		}
		s, err := l.Accept()
		if err != nil {
			tb.Fatal(err)
		}
		clients, servers = append(clients, c), append(servers, s)
	}
	return clients, servers
}
