//go:build !race

// Under the race detector a sync.Pool forgets things at random.

package native

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"ringstack/secondary/engine"
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

// Nor does one between Handlers.
func TestEventRequestAllocatesNothing(t *testing.T) {
	w := enginetest.NewWire(t, New)
	if _, err := w.Server.(engine.Events).ServeTCP(w.Addr(80), func() engine.Handler { return new(mirror) }); err != nil {
		t.Fatal(err)
	}
	asker := &asker{answered: make(chan struct{}, 1), c: make(chan engine.Conn, 1)}
	if err := w.Client.(engine.Events).ConnectTCP(netip.AddrPort{}, w.Addr(80), asker); err != nil {
		t.Fatal(err)
	}
	c := <-asker.c
	request := make([]byte, 64)
	ask := func() { c.Write(request) }
	if n := testing.AllocsPerRun(1000, func() {
		w.Client.(engine.Events).Post(ask)
		<-asker.answered
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// mirror sends back what it receives.
type mirror struct{ engine.Ignore }

func (*mirror) Data(c engine.Conn) {
	for b := c.Peek(); len(b) > 0; b = c.Peek() {
		c.Discard(c.Write(b))
	}
}

// asker tells of answers.
type asker struct {
	engine.Ignore
	c        chan engine.Conn
	answered chan struct{}
}

func (a *asker) Open(c engine.Conn) { a.c <- c }

func (a *asker) Data(c engine.Conn) {
	c.Discard(len(c.Peek()))
	a.answered <- struct{}{}
}

func exchange(t *testing.T, c net.Conn, buf []byte) {
	if _, err := c.Write(buf); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, buf); err != nil {
		t.Fatal(err)
	}
}
