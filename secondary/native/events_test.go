package native

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/cable"
	"ringstack/secondary/engine"
	"ringstack/secondary/enginetest"
)

// recorder notes the events of a connection, and echoes.
type recorder struct {
	events chan string
	c      engine.Conn
}

func newRecorder() *recorder { return &recorder{events: make(chan string, 100)} }

func (r *recorder) Open(c engine.Conn) {
	r.c = c
	r.events <- "open"
}

func (r *recorder) Data(c engine.Conn) {
	for b := c.Peek(); len(b) > 0; b = c.Peek() {
		r.events <- "data " + string(b)
		n := copy(c.Room(), b)
		c.Commit(n)
		c.Discard(n)
	}
	if c.EOF() {
		r.events <- "eof"
		c.Close()
	}
}

func (r *recorder) Writable(engine.Conn)            { r.events <- "writable" }
func (r *recorder) Timer(engine.Conn)               { r.events <- "timer" }
func (r *recorder) Closed(_ engine.Conn, err error) { r.events <- fmt.Sprint("closed ", err) }

func (r *recorder) expect(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-r.events:
		if got != want {
			t.Fatalf("%s; expected %s", got, want)
		}
	case <-time.After(5 * time.Second):
		t.Fatalf("no %s", want)
	}
}

func (r *recorder) expectNothing(t *testing.T) {
	t.Helper()
	select {
	case got := <-r.events:
		t.Fatalf("%s; expected nothing", got)
	case <-time.After(20 * time.Millisecond):
	}
}

// serveEvents listens on port 80 of the server and returns the recorder of the first connection.
func serveEvents(t *testing.T, w *enginetest.Wire) *recorder {
	t.Helper()
	r := newRecorder()
	l, err := w.Server.(engine.Events).ServeTCP(w.Addr(80), func() engine.Handler { return r })
	if err != nil {
		t.Fatal(err)
	}
	if l.Addr() != w.Addr(80) {
		t.Errorf("listens on %v", l.Addr())
	}
	t.Cleanup(func() { l.Close() })
	return r
}

func TestEventsOfAServedConnection(t *testing.T) {
	w := enginetest.NewWire(t, New)
	r := serveEvents(t, w)
	c, err := w.Client.DialTCP(t.Context(), netip.AddrPort{}, w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.expect(t, "open")
	for _, text := range []string{"one", "two"} {
		c.Write([]byte(text))
		r.expect(t, "data "+text)
		got := make([]byte, len(text))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
			t.Fatalf("echo %q, %v", got, err)
		}
	}
	c.(interface{ CloseWrite() error }).CloseWrite()
	r.expect(t, "eof")
	r.expect(t, "closed <nil>")
	if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
		t.Errorf("after the end: %q, %v", b, err)
	}
}

func TestEventsOfBothEnds(t *testing.T) {
	w := enginetest.NewWire(t, New)
	server, client := serveEvents(t, w), newRecorder()
	if err := w.Client.(engine.Events).ConnectTCP(netip.AddrPort{}, w.Addr(80), client); err != nil {
		t.Fatal(err)
	}
	client.expect(t, "open")
	server.expect(t, "open")
	if client.c.RemoteAddr() != w.Addr(80) || client.c.LocalAddr() != server.c.RemoteAddr() {
		t.Errorf("%v to %v, the server has %v", client.c.LocalAddr(), client.c.RemoteAddr(), server.c.RemoteAddr())
	}
	w.Client.(engine.Events).Post(client.c.Abort)
	server.expect(t, "closed "+syscall.ECONNRESET.Error())
	client.expectNothing(t)
}

func TestConnectRefused(t *testing.T) {
	w := enginetest.NewWire(t, New)
	r := newRecorder()
	if err := w.Client.(engine.Events).ConnectTCP(netip.AddrPort{}, w.Addr(81), r); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "closed "+syscall.ECONNREFUSED.Error())
}

func TestEventAddressInUse(t *testing.T) {
	w := enginetest.NewWire(t, New)
	serveEvents(t, w)
	_, err := w.Server.(engine.Events).ServeTCP(w.Addr(80), func() engine.Handler { return newRecorder() })
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second listener: %v", err)
	}
	_, err = w.Server.(engine.Events).ServeUDP(netip.MustParseAddrPort("10.9.9.9:53"), nil)
	if !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("another's address: %v", err)
	}
}

func TestEventTimer(t *testing.T) {
	w := enginetest.NewWire(t, New)
	r := serveEvents(t, w)
	if _, err := w.Client.DialTCP(t.Context(), netip.AddrPort{}, w.Addr(80), nil); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "open")
	post := w.Server.(engine.Events).Post
	start := time.Now()
	post(func() { r.c.SetTimer(30 * time.Millisecond) })
	r.expect(t, "timer")
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("after %v", took)
	}
	post(func() { r.c.SetTimer(time.Millisecond); r.c.SetTimer(0) })
	r.expectNothing(t)
	post(func() { r.c.SetTimer(time.Millisecond); r.c.Abort(); r.c.SetTimer(time.Millisecond) })
	r.expectNothing(t)
}

// filler writes as much as it can, and goes on when it may.
type filler struct {
	engine.Ignore
	left int
}

func (f *filler) Open(c engine.Conn)     { f.fill(c) }
func (f *filler) Writable(c engine.Conn) { f.fill(c) }

func (f *filler) fill(c engine.Conn) {
	block := make([]byte, 100_000)
	for f.left > 0 {
		n := c.Write(block[:min(len(block), f.left)])
		if f.left -= n; n == 0 {
			return
		}
	}
	c.Close()
}

func TestWritableFollowsAShortWrite(t *testing.T) {
	w := enginetest.NewWire(t, New)
	const size = 20 << 20
	if _, err := w.Server.(engine.Events).ServeTCP(w.Addr(80), func() engine.Handler { return &filler{left: size} }); err != nil {
		t.Fatal(err)
	}
	c, err := w.Client.DialTCP(t.Context(), netip.AddrPort{}, w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, c); n != size || err != nil {
		t.Errorf("%d of %d bytes, %v", n, size, err)
	}
}

func TestUnreadDataStays(t *testing.T) {
	w := enginetest.NewWire(t, New)
	h := &lazy{seen: make(chan int, 100)}
	if _, err := w.Server.(engine.Events).ServeTCP(w.Addr(80), func() engine.Handler { return h }); err != nil {
		t.Fatal(err)
	}
	c, err := w.Client.DialTCP(t.Context(), netip.AddrPort{}, w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.Write([]byte("ab"))
		if n := <-h.seen; n == 0 {
			t.Fatal("nothing to be seen")
		}
	}
	w.Server.(engine.Events).Post(func() { h.seen <- len(h.c.Peek()) })
	if n := <-h.seen; n != 6 {
		t.Errorf("%d bytes lie there", n)
	}
}

// lazy reads nothing.
type lazy struct {
	engine.Ignore
	c    engine.Conn
	seen chan int
}

func (l *lazy) Data(c engine.Conn) {
	l.c = c
	l.seen <- len(c.Peek())
}

func TestEngineEndClosesEventConnections(t *testing.T) {
	w := enginetest.NewWire(t, New)
	r := serveEvents(t, w)
	if _, err := w.Client.DialTCP(t.Context(), netip.AddrPort{}, w.Addr(80), nil); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "open")
	w.Close()
	r.expect(t, "closed "+engine.Closed(cable.ErrClosed).Error())
	if w.Server.(engine.Events).Post(func() {}) {
		t.Error("Post after the end")
	}
}

func TestUDPHandler(t *testing.T) {
	w := enginetest.NewWire(t, New)
	s, err := w.Server.(engine.Events).ServeUDP(w.Addr(53), func(s engine.PacketConn, from netip.AddrPort, b []byte) {
		if err := s.Send(from, b); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.Client.DialUDP(netip.AddrPort{}, w.Addr(53), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 64, 1400, 9000} {
		want, got := bytes.Repeat([]byte("x"), size), make([]byte, 10000)
		c.Write(want)
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, err := c.Read(got); err != nil || !bytes.Equal(got[:n], want) {
			t.Errorf("%d of %d bytes, %v", n, size, err)
		}
	}
	s.Close()
	c.Write([]byte("x"))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after Close: %v", err)
	}
}
