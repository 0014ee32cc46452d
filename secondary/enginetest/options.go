package enginetest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"ringstack/secondary/engine"
)

// A port may have a listener and a socket for each IP version; one for both keeps others out.
func testVersions(t *testing.T, open Open) {
	a, b := newPair(t, open)
	four, six := netip.AddrPortFrom(netip.IPv4Unspecified(), 80), netip.AddrPortFrom(netip.IPv6Unspecified(), 80)
	b.listen(six)
	if _, err := a.DialTCP(t.Context(), netip.AddrPort{}, addrPort(b, 80), nil); err != syscall.ECONNREFUSED {
		t.Errorf("dial IPv4 where IPv6 alone is listened on: %v", err)
	}
	a.dial(netip.AddrPortFrom(b.v6, 80))
	b.listen(four)
	a.dial(addrPort(b, 80))
	if _, err := b.ListenTCP(anywhere(80), nil); err != syscall.EADDRINUSE {
		t.Errorf("listen on both versions: %v", err)
	}

	sockets := map[bool]net.PacketConn{}
	for _, addr := range []netip.AddrPort{four, six} {
		c, err := b.ListenUDP(addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(patience))
		sockets[addr.Addr().Is4()] = c
	}
	if _, err := b.ListenUDP(anywhere(80), nil); err != syscall.EADDRINUSE {
		t.Errorf("socket for both versions: %v", err)
	}
	for _, ip := range []netip.Addr{b.v4, b.v6} {
		client := a.dialUDP(netip.AddrPortFrom(ip, 80))
		client.Write([]byte("x"))
		if _, from, err := sockets[ip.Is4()].ReadFrom(make([]byte, 1)); err != nil || from.String() != client.LocalAddr().String() {
			t.Errorf("datagram to %s: %v, %v", ip, from, err)
		}
	}
}

// What is sent has the TTL or hop limit that the socket was opened with: at both ends, and from a client's first packet on.
func testTTL(t *testing.T, open Open) {
	families(t, open, func(t *testing.T, a, b *host, ip netip.Addr) {
		const ttl = 7
		seen := make(chan [2]byte, 1000) // protocol and TTL
		watch := func(h *host) {
			h.do(func() {
				h.filter = func(f []byte) bool {
					if proto, _ := payload(f); proto == 6 || proto == 17 {
						seen <- [2]byte{proto, ttlOf(f)}
					}
					return true
				}
			})
		}
		watch(a)
		o := &engine.Options{TTL: ttl}
		l, err := b.ListenTCP(anywhere(80), o)
		if err != nil {
			t.Fatal(err)
		}
		c, err := a.DialTCP(t.Context(), netip.AddrPort{}, netip.AddrPortFrom(ip, 80), o)
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		watch(b) // the answer to a SYN comes before there is a socket
		s.Write([]byte("x"))
		if err := readByte(c)(); err != nil {
			t.Fatal(err)
		}
		c.Write([]byte("y"))
		if err := readByte(s)(); err != nil {
			t.Fatal(err)
		}
		u, err := a.DialUDP(netip.AddrPort{}, netip.AddrPortFrom(ip, 53), o)
		if err != nil {
			t.Fatal(err)
		}
		u.Write([]byte("z"))
		readByte(u)() // the refusal
		datagrams := 0
		for len(seen) > 0 {
			switch p := <-seen; {
			case p[1] != ttl:
				t.Errorf("protocol %d with TTL %d", p[0], p[1])
			case p[0] == 17:
				datagrams++
			}
		}
		if datagrams != 1 {
			t.Errorf("%d datagrams", datagrams)
		}
		for _, c := range []net.Conn{c, u} {
			testSetTTL(t, c, seen)
		}
	})
}

// testSetTTL changes the TTL of a socket, of an engine that can.
func testSetTTL(t *testing.T, c net.Conn, seen chan [2]byte) {
	setter, ok := c.(interface{ SetTTL(int) error })
	if !ok {
		return
	}
	for _, bad := range []int{0, 256} {
		if err := setter.SetTTL(bad); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("TTL %d: %v", bad, err)
		}
	}
	const ttl = 99
	if err := setter.SetTTL(ttl); err != nil {
		t.Fatal(err)
	}
	c.Write([]byte("x"))
	for timeout := time.After(patience); ; {
		select {
		case p := <-seen:
			if p[1] == ttl {
				return
			}
		case <-timeout:
			t.Fatalf("%T sends nothing with the new TTL", c)
		}
	}
}

// Calls that open fail with bare errors; sockets with those of package net, which name the network as it was given.
func testOpenErrors(t *testing.T, open Open) {
	a, b := newPair(t, open)
	o := &engine.Options{Network: "tcp4"}
	_, err := a.DialTCP(t.Context(), netip.AddrPort{}, addrPort(b, 81), o)
	if err != syscall.ECONNREFUSED {
		t.Errorf("dial a closed port: %#v", err)
	}
	b.listen(anywhere(80))
	if _, err := b.ListenTCP(anywhere(80), o); err != syscall.EADDRINUSE {
		t.Errorf("listen twice: %#v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.DialTCP(ctx, anywhere(30000), addrPort(b, 80), o); err != context.Canceled {
		t.Errorf("dial when cancelled: %#v", err)
	}
	c, err := a.DialTCP(t.Context(), netip.AddrPort{}, addrPort(b, 80), o)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	_, err = c.Write([]byte("x"))
	if op, ok := err.(*net.OpError); !ok || op.Net != "tcp4" || op.Op != "write" {
		t.Errorf("write after close: %v", err)
	}
	a.halt()
	a.Close()
	if _, err := a.DialTCP(t.Context(), netip.AddrPort{}, addrPort(b, 80), nil); !errors.Is(err, net.ErrClosed) || !errors.Is(err, errOver) {
		t.Errorf("dial after the engine's end: %v", err)
	}
}

// Closing is called while the port is still the socket's, for the socket alone and not for what it accepts.
func testClosing(t *testing.T, open Open) {
	a, b := newPair(t, open)
	closing := 0
	o := &engine.Options{Closing: func() {
		closing++
		if _, err := b.ListenTCP(anywhere(80), nil); err != syscall.EADDRINUSE {
			t.Errorf("the port in Closing: %v", err)
		}
	}}
	l, err := b.ListenTCP(anywhere(80), o)
	if err != nil {
		t.Fatal(err)
	}
	a.dial(addrPort(b, 80))
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if closing != 0 {
		t.Error("called for a connection that was accepted")
	}
	l.Close()
	if closing != 1 {
		t.Errorf("called %d times", closing)
	}
}

// ttlOf is the TTL or hop limit of an IP packet.
func ttlOf(frame []byte) byte {
	if etherType(frame) == 0x0800 {
		return frame[etherLen+8]
	}
	return frame[etherLen+7]
}
