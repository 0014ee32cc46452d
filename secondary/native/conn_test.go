package native

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/secondary/enginetest"
)

const patience = 10 * time.Second // what no passing test comes near

func pair(t *testing.T) (w *enginetest.Wire, client, server *conn) {
	t.Helper()
	w = enginetest.NewWire(t, New)
	clients, servers := w.Connect(t, 1)
	for _, c := range []net.Conn{clients[0], servers[0]} {
		c.SetDeadline(time.Now().Add(patience))
	}
	return w, clients[0].(*conn), servers[0].(*conn)
}

// What was written is sent although the connection is closed at once: also what the stack had no room for.
func TestCloseSendsTheRest(t *testing.T) {
	w, client, server := pair(t)
	w.Cut.Store(true)
	data := bytes.Repeat([]byte("0123456789abcdef"), 310<<10/16)
	for _, part := range [][]byte{data[:256<<10], data[256<<10:]} { // the stack takes 256 KB
		if _, err := client.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	client.Close()
	w.Cut.Store(false)
	got, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d of %d bytes, %v", len(got), len(data), err)
	}
	expectNothingQueued(t, client.host)
}

// expectNothingQueued waits until no byte is charged to any socket.
func expectNothingQueued(t *testing.T, h *host) {
	t.Helper()
	for end := time.Now().Add(patience); h.buffered.Load() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d bytes are charged for ever", h.buffered.Load())
		}
	}
}

// Beyond the budget nothing is queued here, and all bytes arrive nevertheless.
func TestOverBudget(t *testing.T) {
	_, client, server := pair(t)
	for _, c := range []*conn{client, server} {
		c.host.charge(budget)
		defer c.host.charge(-budget)
	}
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<20/16)
	sent := make(chan error, 1)
	go func() {
		_, err := client.Write(data)
		client.Close()
		sent <- err
	}()
	got, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d of %d bytes, %v", len(got), len(data), err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if n := client.host.buffered.Load() + server.host.buffered.Load(); n != 2*budget {
		t.Errorf("%d bytes are queued", n-2*budget)
	}
}

func TestLinger(t *testing.T) {
	_, client, server := pair(t)
	if err := client.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	client.Close()
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read after the peer's reset: %v", err)
	}
	if err := client.SetLinger(1); !errors.Is(err, net.ErrClosed) {
		t.Errorf("set linger after close: %v", err)
	}
}

// Bytes that came before a reset are read before the error.
func TestResetAfterData(t *testing.T) {
	_, client, server := pair(t)
	if _, err := client.Write([]byte("last words")); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 4)
	if _, err := io.ReadFull(server, first); err != nil {
		t.Fatal(err)
	}
	client.SetLinger(0)
	client.Close()
	rest, err := io.ReadAll(server)
	if string(first)+string(rest) != "last words" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%q, %q, %v", first, rest, err)
	}
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "read" || op.Net != "tcp" || op.Source.String() != server.LocalAddr().String() {
		t.Errorf("error %#v", err)
	}
}

func TestKeepAliveEndsADeadConnection(t *testing.T) {
	w, client, _ := pair(t)
	err := client.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 20 * time.Millisecond, Interval: 10 * time.Millisecond, Count: 2})
	if err != nil {
		t.Fatal(err)
	}
	w.Cut.Store(true)
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("read from a dead peer: %v", err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write to it: %v", err)
	}
}

func TestOptions(t *testing.T) {
	_, client, server := pair(t)
	for what, err := range map[string]error{
		"nodelay": client.SetNoDelay(false), "keepalive": client.SetKeepAlive(false), "period": client.SetKeepAlivePeriod(time.Minute),
		"read buffer": server.SetReadBuffer(4096), "write buffer": client.SetWriteBuffer(4096),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := client.SetReadBuffer(0); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("read buffer of 0: %v", err)
	}
	client.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	n, err := client.Write(make([]byte, 1<<20))
	// What a window of 64 KB held before the change stays promised.
	if !errors.Is(err, os.ErrDeadlineExceeded) || n > 200<<10 {
		t.Errorf("%d bytes went into small buffers, %v", n, err)
	}
}

func TestCloseReadDrains(t *testing.T) {
	_, client, server := pair(t)
	if err := server.CloseRead(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write(make([]byte, 4<<20)); err != nil {
		t.Errorf("write to a peer that throws away: %v", err)
	}
}

// A leased port carries connections to several remote ends at a time.
func TestOneLocalPortTwoRemotes(t *testing.T) {
	w := enginetest.NewWire(t, New)
	for _, port := range []uint16{80, 81} {
		if _, err := w.Server.ListenTCP(w.Addr(port), nil); err != nil {
			t.Fatal(err)
		}
		c, err := w.Client.DialTCP(t.Context(), netip.AddrPortFrom(netip.Addr{}, 30000), w.Addr(port), nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.LocalAddr().(*net.TCPAddr).Port != 30000 {
			t.Errorf("local address %s", c.LocalAddr())
		}
	}
}

func TestListenerCloseResetsBacklog(t *testing.T) {
	w := enginetest.NewWire(t, New)
	l, err := w.Server.ListenTCP(w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.Client.DialTCP(t.Context(), netip.AddrPort{}, w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read on a connection that was never accepted: %v", err)
	}
}

func TestAcceptDeadline(t *testing.T) {
	w := enginetest.NewWire(t, New)
	l, err := w.Server.ListenTCP(w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	l.(*listener).SetDeadline(time.Now().Add(5 * time.Millisecond))
	if _, err := l.Accept(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("accept to its deadline: %v", err)
	}
}

func TestUDPQueueIsBounded(t *testing.T) {
	w := enginetest.NewWire(t, New)
	s, err := w.Server.ListenUDP(w.Addr(53), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.Client.DialUDP(netip.AddrPort{}, w.Addr(53), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.(*udpConn).WriteTo(nil, &net.UDPAddr{IP: net.IP{10, 0, 0, 2}, Port: 53}); !errors.Is(err, net.ErrWriteToConnected) {
		t.Errorf("WriteTo on a connected socket: %v", err)
	}
	const n, size = 1000, 1400
	for range n {
		if _, err := c.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	got := 0
	for s.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); ; got++ {
		if _, _, err := s.ReadFrom(make([]byte, size)); err != nil {
			break
		}
	}
	if got == 0 || got > n {
		t.Errorf("%d of %d datagrams", got, n)
	}
	c.Close()
	s.Close()
	expectNothingQueued(t, c.(*udpConn).host)
	expectNothingQueued(t, s.(*udpConn).host)
}

func TestQueue(t *testing.T) {
	var q queue
	text := strings.Repeat("0123456789", 2000)
	for range 3 {
		q.write([]byte(text))
		got := make([]byte, len(text))
		if n := q.peek(got[:100], 5000); string(got[:n]) != text[5000:5100] {
			t.Errorf("peek %q", got[:n])
		}
		for done := 0; done < len(text); {
			done += q.read(got[done:min(done+777, len(got))])
		}
		if string(got) != text || q.n != 0 || q.head != nil || q.tail != nil {
			t.Fatalf("%d bytes left, blocks %p %p", q.n, q.head, q.tail)
		}
	}
}
