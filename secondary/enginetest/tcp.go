package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Stream is what every TCP connection is.
type Stream interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
}

// anywhere is a listening address: all local ones.
func anywhere(port uint16) netip.AddrPort { return netip.AddrPortFrom(netip.Addr{}, port) }

func (h *host) listen(addr netip.AddrPort) net.Listener {
	h.t.Helper()
	l, err := h.ListenTCP(addr, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return l
}

func (h *host) dial(remote netip.AddrPort) Stream {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := h.DialTCP(ctx, netip.AddrPort{}, remote, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patience))
	return c.(Stream)
}

// connect returns both ends of a connection from a to port 80 of ip, an address of b.
func connect(t *testing.T, a, b *host, ip netip.Addr) (client, server Stream) {
	t.Helper()
	l := b.listen(anywhere(80))
	defer l.Close()
	client = a.dial(netip.AddrPortFrom(ip, 80))
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patience))
	return client, c.(Stream)
}

// serveEcho answers on every connection of l until it closes.
func serveEcho(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			io.Copy(c, c)
		}()
	}
}

func echo(c Stream, data []byte) error {
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		sent <- errors.Join(err, c.CloseWrite())
	}()
	got, err := io.ReadAll(c)
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	if !bytes.Equal(got, data) {
		return fmt.Errorf("%d bytes sent, %d other bytes came back", len(data), len(got))
	}
	return nil
}

func noise(n int) []byte {
	b := make([]byte, n)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(b)
	return b
}

func testEcho(t *testing.T, open Open) {
	families(t, open, func(t *testing.T, a, b *host, ip netip.Addr) {
		l := b.listen(anywhere(80))
		if got := l.Addr().String(); got != "[::]:80" {
			t.Errorf("listener's address %s", got)
		}
		go serveEcho(l)
		c := a.dial(netip.AddrPortFrom(ip, 80))
		if got := c.RemoteAddr().String(); got != netip.AddrPortFrom(ip, 80).String() {
			t.Errorf("remote address %s", got)
		}
		if err := echo(c, noise(1<<20)); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func testManyConnections(t *testing.T, open Open) {
	a, b := newPair(t, open)
	go serveEcho(b.listen(anywhere(80)))
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			c, err := a.DialTCP(ctx, anywhere(uint16(20000+i)), netip.AddrPortFrom(b.v4, 80), nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(patience))
			if err := echo(c.(Stream), noise(4096+i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func testHalfClose(t *testing.T, open Open) {
	a, b := newPair(t, open)
	client, server := connect(t, a, b, b.v4)
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read after the peer's CloseWrite: %v", err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write after CloseWrite: %v", err)
	}
	if _, err := server.Write([]byte("late")); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if got, err := io.ReadAll(client); string(got) != "late" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

func testCloseRead(t *testing.T, open Open) {
	a, b := newPair(t, open)
	client, _ := connect(t, a, b, b.v4)
	if err := client.CloseRead(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read after CloseRead: %v", err)
	}
}

func testRefused(t *testing.T, open Open) {
	families(t, open, func(t *testing.T, a, b *host, ip netip.Addr) {
		_, err := a.DialTCP(t.Context(), netip.AddrPort{}, netip.AddrPortFrom(ip, 81), nil)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial to a closed port: %v", err)
		}
	})
}

func testReset(t *testing.T, open Open) {
	a, b := newPair(t, open)
	client, server := connect(t, a, b, b.v4)
	if _, err := client.Write([]byte("unread")); err != nil {
		t.Fatal(err)
	}
	if err := readByte(server)(); err != nil {
		t.Fatal(err)
	}
	server.Close() // with unread data: RST, RFC 2525 section 2.17
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read after a reset: %v", err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write after a reset: %v", err)
	}
}

func testNoNeighbour(t *testing.T, open Open) {
	a, _ := newPair(t, open)
	_, err := a.DialTCP(t.Context(), netip.AddrPort{}, netip.MustParseAddrPort("10.0.0.99:80"), nil)
	if !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("dial to an address that nobody has: %v", err)
	}
}

func testDialLocalPort(t *testing.T, open Open) {
	a, b := newPair(t, open)
	b.listen(anywhere(80))
	local, remote := anywhere(30000), netip.AddrPortFrom(b.v4, 80)
	c, err := a.DialTCP(t.Context(), local, remote, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.LocalAddr().String(); got != netip.AddrPortFrom(a.v4, 30000).String() {
		t.Errorf("local address %s", got)
	}
	if _, err := a.DialTCP(t.Context(), local, remote, nil); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second dial from the port: %v", err)
	}
	foreign := netip.AddrPortFrom(b.v4, 30001)
	if _, err := a.DialTCP(t.Context(), foreign, remote, nil); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("dial from another host's address: %v", err)
	}
	if _, err := a.DialTCP(t.Context(), local, netip.AddrPort{}, nil); err == nil {
		t.Error("dial to no address succeeds")
	}
}

func testDialCancel(t *testing.T, open Open) {
	a, b := newPair(t, open)
	b.do(func() { b.filter = func([]byte) bool { return false } })
	ctx, cancel := context.WithCancel(context.Background())
	sent := make(chan struct{})
	a.do(func() {
		a.filter = func([]byte) bool {
			close(sent)
			a.filter = nil
			return true
		}
	})
	go func() {
		<-sent
		cancel()
	}()
	local, remote := anywhere(30000), netip.AddrPortFrom(b.v4, 80)
	if _, err := a.DialTCP(ctx, local, remote, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled dial: %v", err)
	}
	late, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := a.DialTCP(late, local, remote, nil) // the port is free again
	var timeout net.Error
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("late dial: %v", err)
	}
}

// A leased port serves one connection after the other.
func testLocalPortIsReleased(t *testing.T, open Open) {
	a, b := newPair(t, open)
	l := b.listen(anywhere(80))
	for range 3 {
		c, err := a.DialTCP(t.Context(), anywhere(30000), netip.AddrPortFrom(b.v4, 80), nil)
		if err != nil {
			t.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		server.Close() // first, so that it has the TIME-WAIT
		if err := readByte(c)(); err != io.EOF {
			t.Fatal(err)
		}
		c.Close()
		eventually(t, "LAST-ACK ends", func() bool { return len(a.flows()) == 0 })
	}
}

func testListenAgain(t *testing.T, open Open) {
	a, b := newPair(t, open)
	client, server := connect(t, a, b, b.v4) // its listener is closed
	l := b.listen(anywhere(80))
	if _, err := b.ListenTCP(anywhere(80), nil); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second listener: %v", err)
	}
	l.Close()
	server.Close()
	client.Close()
	b.listen(anywhere(80)).Close() // server may be in TIME-WAIT
}

func testListenOneAddress(t *testing.T, open Open) {
	a, b := newPair(t, open)
	l := b.listen(netip.AddrPortFrom(b.v4, 80))
	if got := l.Addr().String(); got != netip.AddrPortFrom(b.v4, 80).String() {
		t.Errorf("listener's address %s", got)
	}
	a.dial(netip.AddrPortFrom(b.v4, 80))
	_, err := a.DialTCP(t.Context(), netip.AddrPort{}, netip.AddrPortFrom(b.v6, 80), nil)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial to the other address: %v", err)
	}
}
