package native

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"ringstack/secondary/engine"
	"ringstack/secondary/enginetest"
)

// What a connection does at the bounds of its queues, and what it leaves behind.

// eventually waits until the loop of h finds that holds is true.
func eventually(t *testing.T, h *host, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		var held bool
		if err := h.do(func() { held = holds() }); err != nil {
			t.Fatal(err)
		}
		if held {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// A buffer that has been made smaller than what is queued in it has no room.
func TestTryWriteBeyondASmallerBuffer(t *testing.T) {
	w, client, _ := pair(t)
	w.Cut.Store(true)
	for _, size := range []int{256 << 10, 40 << 10} { // the stack takes 256 KB
		if _, err := client.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.SetWriteBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if n, err := client.TryWrite([]byte("x")); n != 0 || err != syscall.EAGAIN {
		t.Errorf("%d, %v", n, err)
	}
}

// TryWrite gives way to a Write that waits, and hears of its end: also when that has just come.
func TestTryWriteBesideWrite(t *testing.T) {
	w, client, _ := pair(t)
	w.Cut.Store(true)
	calls := onReady(client)
	written := make(chan error, 1)
	go func() {
		_, err := client.Write(make([]byte, 300<<10)) // the stack takes 256 KB
		written <- err
	}()
	h := client.host
	eventually(t, h, "the stack is full", func() bool { return h.tcp.Unsent(client.id) == 256<<10 })
	h.do(func() {
		h.tcp.SetBuffers(client.id, 1<<20, 0)
		client.writable()
		if n, err := client.TryWrite([]byte("x")); n != 0 || err != syscall.EAGAIN {
			t.Errorf("before Write has returned: %d, %v", n, err)
		}
	})
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	expectReady(t, calls, engine.Writable)
}

// Beyond the budget a program that polls still gets on.
func TestTryReadOverBudget(t *testing.T) {
	_, client, server := pair(t)
	server.host.charge(budget)
	defer server.host.charge(-budget)
	calls := onReady(server)
	data := bytes.Repeat([]byte("0123456789abcdef"), 100<<10/16)
	go client.Write(data)
	var got []byte
	for buf := make([]byte, 64<<10); len(got) < len(data); {
		n, err := server.TryRead(buf)
		if got = append(got, buf[:n]...); err == syscall.EAGAIN {
			expectReady(t, calls, engine.Readable)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, data) {
		t.Error("other bytes")
	}
}

// Bytes that came before a reset are read before the error, also when they had no room here.
func TestResetAfterDataOverBudget(t *testing.T) {
	_, client, server := pair(t)
	h := server.host
	h.charge(budget)
	defer h.charge(-budget)
	if _, err := client.Write([]byte("last words")); err != nil {
		t.Fatal(err)
	}
	eventually(t, h, "bytes in the stack", func() bool { return h.tcp.Unread(server.id) > 0 })
	client.SetLinger(0)
	client.Close()
	eventually(t, h, "the connection has ended", func() bool { return !server.known() })
	if got, err := io.ReadAll(server); string(got) != "last words" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%q, %v", got, err)
	}
}

// An attempt that is given up when it has just succeeded leaves nothing, also when bytes have come.
func TestLateCancelLeavesNothing(t *testing.T) {
	w := enginetest.NewWire(t, New)
	l, err := w.Server.ListenTCP(w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := w.Client.(*host)
	remote := w.Addr(80)
	d := &dial{conn: newConn(h, &usual, endpoint{}, toEndpoint(remote)), done: make(waiter, 1)}
	h.requests.add(order(func() { h.startDial(d, netip.Addr{}) }))
	<-d.done
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.Write([]byte("greeting"))
	eventually(t, h, "the greeting", func() bool { return h.buffered.Load() > 0 })
	h.do(d.discard)
	expectNothingQueued(t, h)
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the other end: %v", err)
	}
}

// Connections that have ended before Accept do not pile up.
func TestEndedConnectionsDoNotFillTheBacklog(t *testing.T) {
	w := enginetest.NewWire(t, New)
	opened, err := w.Server.ListenTCP(w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := opened.(*listener)
	l.host.do(func() {
		for range 2 * backlog {
			c := newConn(l.host, &usual, endpoint{}, endpoint{})
			c.rx.write([]byte("x"))
			l.host.charge(1)
			c.end()
			l.queue = append(l.queue, c)
		}
	})
	c, err := w.Client.DialTCP(t.Context(), netip.AddrPort{}, w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, l.host, "one in the queue", func() bool { return len(l.queue) == 1 })
	expectNothingQueued(t, l.host)
	if s, err := l.Accept(); err != nil || s.RemoteAddr().String() != c.LocalAddr().String() {
		t.Errorf("%v, %v", s, err)
	}
}
