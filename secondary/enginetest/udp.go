package enginetest

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"
)

func addrPort(h *host, port uint16) netip.AddrPort { return netip.AddrPortFrom(h.v4, port) }

func (h *host) listenUDP(port uint16) net.PacketConn {
	h.t.Helper()
	c, err := h.ListenUDP(anywhere(port), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patience))
	return c
}

func (h *host) dialUDP(remote netip.AddrPort) net.Conn {
	h.t.Helper()
	c, err := h.DialUDP(netip.AddrPort{}, remote, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patience))
	return c
}

func testUDPEcho(t *testing.T, open Open) {
	families(t, open, func(t *testing.T, a, b *host, ip netip.Addr) {
		server := b.listenUDP(53)
		client := a.dialUDP(netip.AddrPortFrom(ip, 53))
		for _, text := range []string{"query", "", strings.Repeat("x", 5000)} { // the last in fragments
			if _, err := client.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 8192)
			n, from, err := server.ReadFrom(buf)
			if err != nil || string(buf[:n]) != text {
				t.Fatalf("server reads %d bytes, %v", n, err)
			}
			if from.String() != client.LocalAddr().String() {
				t.Errorf("from %s, not %s", from, client.LocalAddr())
			}
			if _, err := server.WriteTo(buf[:n], from); err != nil {
				t.Fatal(err)
			}
			n, err = client.Read(buf)
			if err != nil || string(buf[:n]) != text {
				t.Fatalf("client reads %d bytes, %v", n, err)
			}
		}
	})
}

func testUDPTruncates(t *testing.T, open Open) {
	a, b := newPair(t, open)
	server := b.listenUDP(53)
	client := a.dialUDP(addrPort(b, 53))
	client.Write([]byte("first"))
	client.Write([]byte("second"))
	buf := make([]byte, 3)
	for _, want := range []string{"fir", "sec"} {
		if n, _, err := server.ReadFrom(buf); string(buf[:n]) != want || err != nil {
			t.Errorf("read %q, %v", buf[:n], err)
		}
	}
}

func testUDPLocalPort(t *testing.T, open Open) {
	a, b := newPair(t, open)
	for range 3 {
		c, err := a.DialUDP(anywhere(30000), addrPort(b, 53), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.LocalAddr().String(); got != addrPort(a, 30000).String() {
			t.Errorf("local address %s", got)
		}
		if _, err := a.DialUDP(anywhere(30000), addrPort(b, 53), nil); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("second dial from the port: %v", err)
		}
		c.Close()
	}
}

func testUDPErrors(t *testing.T, open Open) {
	a, b := newPair(t, open)
	client := a.dialUDP(addrPort(b, 54))
	client.Write([]byte("x"))
	if err := await(t, "read", result(readByte(client))); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("read after a datagram to a closed port: %v", err)
	}
	if _, err := client.Write(make([]byte, 70000)); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("write of 70000 bytes: %v", err)
	}
	server := a.listenUDP(53)
	if _, err := a.ListenUDP(anywhere(53), nil); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second socket: %v", err)
	}
	if _, err := server.WriteTo(nil, &net.TCPAddr{}); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("write to a TCP address: %v", err)
	}
	reading := result(func() error { _, _, err := server.ReadFrom(nil); return err })
	server.Close()
	if err := await(t, "read", reading); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read of a closed socket: %v", err)
	}
}
