package native

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"ringstack/secondary/engine"
	"ringstack/secondary/enginetest"
)

// expectReady waits for a call of the function that SetReady was given, and for no other meanwhile.
func expectReady(t *testing.T, calls chan engine.Ready, want engine.Ready) {
	t.Helper()
	select {
	case got := <-calls:
		if got != want {
			t.Fatalf("ready for %d, want %d", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("never ready for %d", want)
	}
}

func onReady(s interface{ SetReady(func(engine.Ready)) }) chan engine.Ready {
	calls := make(chan engine.Ready, 100)
	s.SetReady(func(r engine.Ready) { calls <- r })
	return calls
}

func TestTryRead(t *testing.T) {
	_, client, server := pair(t)
	calls := onReady(server)
	buf := make([]byte, 100)
	client.Write([]byte("unasked")) // nobody was told to wait: no call
	for {
		if n, err := server.Peek(buf); err == nil {
			if string(buf[:n]) != "unasked" {
				t.Fatalf("peek %q", buf[:n])
			}
			break
		} else if err != syscall.EAGAIN {
			t.Fatal(err)
		}
		expectReady(t, calls, engine.Readable)
	}
	if n, err := server.Peek(buf[:2]); string(buf[:n]) != "un" || err != nil {
		t.Errorf("peek %q, %v", buf[:n], err)
	}
	if n, err := server.TryRead(buf); string(buf[:n]) != "unasked" || err != nil {
		t.Errorf("try %q, %v", buf[:n], err)
	}
	for range 2 { // asked twice, told once
		if n, err := server.TryRead(buf); n != 0 || err != syscall.EAGAIN {
			t.Errorf("try again: %d, %v", n, err)
		}
	}
	client.Write([]byte("a"))
	expectReady(t, calls, engine.Readable)
	client.Write([]byte("b"))
	for got := 0; got < 2; {
		n, err := server.TryRead(buf)
		if got += n; err == syscall.EAGAIN {
			expectReady(t, calls, engine.Readable)
		}
	}
	if _, err := server.TryRead(buf); err != syscall.EAGAIN {
		t.Error(err)
	}
	client.CloseWrite()
	expectReady(t, calls, engine.Readable)
	if n, err := server.TryRead(buf); n != 0 || err != io.EOF {
		t.Errorf("the end: %d, %v", n, err)
	}
	if len(calls) != 0 {
		t.Errorf("%d more calls", len(calls))
	}
	server.Close()
	if _, err := server.TryRead(buf); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	if _, err := server.Peek(buf); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func TestTryWrite(t *testing.T) {
	_, client, server := pair(t)
	calls := onReady(client)
	sent := 0
	fill := func() {
		for {
			n, err := client.TryWrite(make([]byte, 100<<10))
			if sent += n; err == syscall.EAGAIN {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	got := make(chan int)
	fill()
	for sent < 10<<20 { // the peer does not read: all windows and buffers fill
		select {
		case r := <-calls:
			if r != engine.Writable {
				t.Fatalf("ready for %d", r)
			}
			fill()
			continue
		case <-time.After(50 * time.Millisecond):
		}
		break
	}
	if sent < 64<<10 || sent >= 10<<20 {
		t.Errorf("%d bytes went", sent)
	}
	go func() {
		n, _ := io.Copy(io.Discard, server)
		got <- int(n)
	}()
	expectReady(t, calls, engine.Writable)
	fill()
	client.CloseWrite()
	if n := <-got; n != sent {
		t.Errorf("%d bytes arrived of %d", n, sent)
	}
	if n, err := client.TryWrite([]byte("x")); n != 0 || !errors.Is(err, syscall.EPIPE) {
		t.Errorf("after half-close: %d, %v", n, err)
	}
}

// What ends a connection makes it ready, too.
func TestReadyForTheEnd(t *testing.T) {
	w, client, server := pair(t)
	calls := onReady(client)
	if _, err := client.TryRead(make([]byte, 1)); err != syscall.EAGAIN {
		t.Fatal(err)
	}
	server.SetLinger(0)
	server.Close()
	expectReady(t, calls, engine.Readable)
	if _, err := client.TryRead(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after a reset: %v", err)
	}
	l, err := w.Server.ListenTCP(w.Addr(81), nil)
	if err != nil {
		t.Fatal(err)
	}
	accepting := onReady(l.(*listener))
	if _, err := l.(*listener).TryAccept(); err != syscall.EAGAIN {
		t.Fatal(err)
	}
	w.Close()
	expectReady(t, accepting, engine.Readable)
	if _, err := l.(*listener).TryAccept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after the engine's end: %v", err)
	}
}

// A deadline makes ready what it is for.
func TestReadyForTheDeadline(t *testing.T) {
	_, client, _ := pair(t)
	calls := onReady(client)
	for _, wait := range []time.Duration{-1, 5 * time.Millisecond} {
		client.SetReadDeadline(time.Time{})
		if _, err := client.TryRead(make([]byte, 1)); err != syscall.EAGAIN {
			t.Fatal(err)
		}
		client.SetWriteDeadline(time.Now().Add(wait)) // nobody waits for that
		client.SetReadDeadline(time.Now().Add(wait))
		expectReady(t, calls, engine.Readable)
		if _, err := client.TryRead(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after the deadline: %v", err)
		}
	}
	if len(calls) != 0 {
		t.Errorf("%d more calls", len(calls))
	}
}

func TestTryAccept(t *testing.T) {
	w := enginetest.NewWire(t, New)
	opened, err := w.Server.ListenTCP(w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := opened.(*listener)
	calls := onReady(l)
	if _, err := l.TryAccept(); err != syscall.EAGAIN {
		t.Fatal(err)
	}
	c, err := w.Client.DialTCP(t.Context(), netip.AddrPort{}, w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	expectReady(t, calls, engine.Readable)
	s, err := l.TryAccept()
	if err != nil || s.RemoteAddr().String() != c.LocalAddr().String() {
		t.Errorf("%v, %v", s, err)
	}
	l.Close()
	if _, err := l.TryAccept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func TestTryUDP(t *testing.T) {
	w := enginetest.NewWire(t, New)
	opened, err := w.Server.ListenUDP(w.Addr(53), nil)
	if err != nil {
		t.Fatal(err)
	}
	server := opened.(*udpConn)
	dialled, err := w.Client.DialUDP(netip.AddrPort{}, w.Addr(53), nil)
	if err != nil {
		t.Fatal(err)
	}
	client := dialled.(*udpConn)
	calls, answers := onReady(server), onReady(client)
	buf := make([]byte, 10)
	if _, _, err := server.TryReadFrom(buf); err != syscall.EAGAIN {
		t.Fatal(err)
	}
	if _, err := server.Peek(buf); err != syscall.EAGAIN {
		t.Fatal(err)
	}
	if n, err := client.TryWrite([]byte("question")); n != 8 || err != nil {
		t.Fatal(n, err)
	}
	expectReady(t, calls, engine.Readable)
	if n, err := server.Peek(buf[:4]); string(buf[:n]) != "ques" || err != nil {
		t.Errorf("peek %q, %v", buf[:n], err)
	}
	n, from, err := server.TryReadFrom(buf)
	if string(buf[:n]) != "question" || err != nil || from.String() != client.LocalAddr().String() {
		t.Errorf("%q from %v, %v", buf[:n], from, err)
	}
	if _, err := client.TryRead(buf); err != syscall.EAGAIN {
		t.Fatal(err)
	}
	if n, err := server.TryWriteTo([]byte("answer"), from); n != 6 || err != nil {
		t.Fatal(n, err)
	}
	expectReady(t, answers, engine.Readable)
	if n, err := client.TryRead(buf); string(buf[:n]) != "answer" || err != nil {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if _, err := client.TryWriteTo(buf, from); !errors.Is(err, net.ErrWriteToConnected) {
		t.Errorf("write to, connected: %v", err)
	}
	if _, err := server.TryWrite(buf); !errors.Is(err, syscall.EDESTADDRREQ) {
		t.Errorf("write, unconnected: %v", err)
	}
}

// A bounded queue of datagrams refuses what does not fit, and tells of room.
func TestTryWriteUDPWaitsForRoom(t *testing.T) {
	w := enginetest.NewWire(t, New)
	dialled, err := w.Client.DialUDP(netip.AddrPort{}, w.Addr(53), &engine.Options{WriteBuffer: 4096})
	if err != nil {
		t.Fatal(err)
	}
	client := dialled.(*udpConn)
	calls := onReady(client)
	refused := false
	for range 1000 {
		_, err := client.TryWrite(make([]byte, 1000))
		if errors.Is(err, syscall.ECONNREFUSED) { // nobody listens
			continue
		}
		if refused = err == syscall.EAGAIN; refused {
			expectReady(t, calls, engine.Writable)
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !refused {
		t.Error("a buffer of 4 KB takes all")
	}
}
