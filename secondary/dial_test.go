package secondary

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"ringstack/msg"
)

// A Control function configures each socket before it is used, and may refuse it.
func TestControl(t *testing.T) {
	p := newPair(t)
	var calls []string
	control := func(network, address string, s *Socket) error {
		calls = append(calls, network+" "+address)
		return errors.Join(
			s.SetReadBuffer(8192), s.SetWriteBuffer(8192), s.SetTTL(9), s.SetNoDelay(false), s.SetLinger(0),
			s.SetKeepAliveConfig(net.KeepAliveConfig{}),
		)
	}
	lc := ListenConfig{Secondary: p.server, Control: control}
	l, err := lc.Listen(t.Context(), "tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	d := Dialer{Secondary: p.client, Control: control}
	c, err := d.DialContext(t.Context(), "tcp", "10.0.0.2:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s.Close() // SetLinger(0) was inherited
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read after the end of a connection without linger: %v", err)
	}
	if want := []string{"tcp6 :80", "tcp4 10.0.0.2:80"}; !slices.Equal(calls, want) {
		t.Errorf("calls %q, want %q", calls, want)
	}

	refused := errors.New("refused")
	d.Control = func(string, string, *Socket) error { return refused }
	if _, err := d.DialContext(t.Context(), "tcp", "10.0.0.2:80"); !errors.Is(err, refused) {
		t.Errorf("dial that is refused: %v", err)
	}
	lc.Control = d.Control
	if _, err := lc.Listen(t.Context(), "tcp", ":81"); !errors.Is(err, refused) {
		t.Errorf("listen that is refused: %v", err)
	}
	lc.Control = func(_, _ string, s *Socket) error { return s.SetNoDelay(true) }
	if _, err := lc.ListenPacket(t.Context(), "udp", ":81"); !errors.Is(err, errNotTCP) {
		t.Errorf("an option of TCP for UDP: %v", err)
	}
}

func TestSocketRefusesBadValues(t *testing.T) {
	var s Socket
	for what, err := range map[string]error{
		"TTL 0": s.SetTTL(0), "TTL 256": s.SetTTL(256), "read buffer 0": s.SetReadBuffer(0), "write buffer -1": s.SetWriteBuffer(-1),
	} {
		if err != syscall.EINVAL {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A local port is leased, or registered while the connection is open.
func TestLocalPort(t *testing.T) {
	p := newPair(t)
	var told []string
	taken := uint16(1234)
	p.client.ports.tell = func(kind msg.Kind, port msg.PortRequest) error {
		if port.Port == taken {
			return msg.Errorf(syscall.EADDRINUSE, "port %d is taken by another group", taken)
		}
		told = append(told, fmt.Sprintf("%v %d/%d", kind, port.Proto, port.Port))
		return nil
	}
	p.greet(t, "tcp", ":80", "hello")
	for _, c := range []struct {
		network string
		local   net.Addr
		from    string // the local end, a port of 0 for any that is leased
		told    []string
	}{
		{"tcp", &net.TCPAddr{}, "10.0.0.1:0", nil},
		{"tcp", &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}, "10.0.0.1:0", nil},
		{"tcp6", &net.TCPAddr{IP: net.ParseIP("fd00::1")}, "[fd00::1]:0", nil},
		{"tcp", &net.TCPAddr{Port: 10300}, "10.0.0.1:10300", nil}, // leased by then
		{"tcp", &net.TCPAddr{Port: 999}, "10.0.0.1:999", []string{"listen 6/999", "unlisten 6/999"}},
		{"udp", &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 999}, "10.0.0.1:999", []string{"listen 17/999", "unlisten 17/999"}},
	} {
		told = nil
		address := "10.0.0.2:80"
		if c.network == "tcp6" {
			address = "[fd00::2]:80"
		}
		conn, err := (&Dialer{Secondary: p.client, LocalAddr: c.local}).DialContext(t.Context(), c.network, address)
		if err != nil {
			t.Errorf("from %v: %v", c.local, err)
			continue
		}
		got := netip.MustParseAddrPort(conn.LocalAddr().String())
		want := netip.MustParseAddrPort(c.from)
		if p.client.leases.has(got.Port()) && want.Port() == 0 {
			want = netip.AddrPortFrom(want.Addr(), got.Port())
		}
		if got != want {
			t.Errorf("from %v: %v, want %v", c.local, got, want)
		}
		conn.Close()
		if !slices.Equal(told, c.told) {
			t.Errorf("from %v: the primary was told %q, want %q", c.local, told, c.told)
		}
	}
	told = nil
	_, err := (&Dialer{Secondary: p.client, LocalAddr: &net.TCPAddr{Port: int(taken)}}).DialContext(t.Context(), "tcp", "10.0.0.2:80")
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("from a port of another group: %v", err)
	}
	_, err = (&Dialer{Secondary: p.client, LocalAddr: &net.TCPAddr{Port: 999}}).DialContext(t.Context(), "tcp", "10.0.0.2:81")
	if !errors.Is(err, syscall.ECONNREFUSED) || !slices.Equal(told, []string{"listen 6/999", "unlisten 6/999"}) {
		t.Errorf("%v; the primary was told %q", err, told)
	}
}

// When no local port is free, the error is package net's.
func TestNoLocalPortIsFree(t *testing.T) {
	p := newPair(t)
	p.client.leases.ask = func(context.Context) (msg.LeaseReply, error) { return msg.LeaseReply{First: 10240, N: 1}, nil }
	p.greet(t, "tcp", ":80", "hello")
	c, err := p.client.DialContext(t.Context(), "tcp", "10.0.0.2:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = p.client.DialContext(t.Context(), "tcp", "10.0.0.2:80")
	if !errors.Is(err, syscall.EADDRNOTAVAIL) || err.Error() != "dial tcp 10.0.0.2:80: connect: cannot assign requested address" {
		t.Errorf("%v", err)
	}
}

// A listener on any port takes the next one when the primary refuses the first, and gives that up when it closes.
func TestListenOnAnotherPort(t *testing.T) {
	p := newPair(t)
	var told []string
	refusals := 2
	p.client.ports.tell = func(kind msg.Kind, port msg.PortRequest) error {
		if kind == msg.KindListen && refusals > 0 {
			refusals--
			return msg.Errorf(syscall.EADDRINUSE, "port %d is taken", port.Port)
		}
		told = append(told, fmt.Sprintf("%v %d", kind, port.Port))
		return nil
	}
	l, err := p.client.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	if want := []string{fmt.Sprintf("listen %d", port), fmt.Sprintf("unlisten %d", port)}; !slices.Equal(told, want) {
		t.Errorf("the primary was told %q, want %q", told, want)
	}
}

// Connect ends as DialContext does.
func TestConnectErrors(t *testing.T) {
	p := newPair(t)
	connect := func(ctx context.Context) error {
		return p.client.Connect(ctx, "tcp", "10.0.0.2:80", Ignore{})
	}
	p.client.leases.ask = func(ctx context.Context) (msg.LeaseReply, error) {
		<-ctx.Done()
		return msg.LeaseReply{}, fmt.Errorf("lease: %w", ctx.Err())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := connect(ctx); !errors.Is(err, context.DeadlineExceeded) || err.Error() != "dial tcp 10.0.0.2:80: i/o timeout" {
		t.Errorf("no primary: %v", err)
	}
	p.client.leases.ask = func(context.Context) (msg.LeaseReply, error) { return msg.LeaseReply{First: 10240, N: 1}, nil }
	if err := connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.greet(t, "tcp", ":81", "hello") // its connection stays, and so does the port
	for range 2 {
		if err := p.client.Connect(t.Context(), "tcp", "10.0.0.2:81", Ignore{}); errors.Is(err, syscall.EADDRNOTAVAIL) {
			return
		}
	}
	t.Error("one port serves twice")
}

// Timeout bounds a dial, and the wait for a primary that is not there to lease a port.
func TestDialTimeout(t *testing.T) {
	p := newPair(t)
	p.client.leases.ask = func(ctx context.Context) (msg.LeaseReply, error) {
		<-ctx.Done()
		return msg.LeaseReply{}, fmt.Errorf("lease: %w", ctx.Err())
	}
	for _, timeout := range []time.Duration{1, time.Millisecond} {
		d := Dialer{Secondary: p.client, Timeout: timeout}
		_, err := d.DialContext(t.Context(), "tcp", "10.0.0.2:80")
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "dial tcp 10.0.0.2:80: i/o timeout" {
			t.Errorf("within %v: %v", timeout, err)
		}
	}
}
