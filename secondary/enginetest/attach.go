package enginetest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ringstack/secondary/engine"
)

// detach takes the cable away in order: from here on the engine must not send.
func (h *host) detach() {
	h.t.Helper()
	h.do(func() {
		h.Detach()
		h.filter = func(f []byte) bool {
			h.t.Errorf("sends % x while it is detached", f[:14])
			return false
		}
		h.blocked = true
	})
}

// attach brings the cable back, with the port as it is now.
func (h *host) attach(change func(*engine.Port)) {
	h.t.Helper()
	port := h.port
	port.Addrs, port.Gates = slices.Clone(port.Addrs), slices.Clone(port.Gates)
	change(&port)
	var err error
	h.do(func() {
		h.filter, h.blocked = nil, false
		err = h.Attach([]engine.Port{port})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.port = port
	h.Wake()
}

func testDetach(t *testing.T, open Open) {
	families(t, open, func(t *testing.T, a, b *host, ip netip.Addr) {
		client, server := connect(t, a, b, ip)
		ended, _ := connect(t, b, a, a.v4)
		early := noise(2000)
		if _, err := client.Write(early); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the bytes have come", func() bool { return b.sysctl("net.inet.ip.stats.delivered") != "0" && readable(server, 1) })
		a.do(func() { a.filter = func([]byte) bool { return false } }) // what the loop would not read
		b.detach()

		if _, err := client.Write([]byte("lost at first")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(early)-1)
		if n, err := readFull(server, got); err != nil || !bytes.Equal(got[:n], early[1:]) {
			t.Errorf("read %d bytes that have come before: %v", n, err)
		}
		server.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := server.Read(got); !isTimeout(err) {
			t.Errorf("read with nothing there: %v", err)
		}
		server.SetReadDeadline(time.Now().Add(patience))
		if n, err := server.Write([]byte("answer")); n != 6 || err != nil {
			t.Errorf("write: %d, %v", n, err)
		}
		l := b.listen(anywhere(81))
		if err := ended.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := b.DialTCP(ctx, netip.AddrPort{}, addrPort(a, 80), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dial: %v", err)
		}
		flows := len(b.flows())
		if flows == 0 {
			t.Error("no flow is left")
		}

		a.do(func() { a.filter = nil })
		b.attach(func(*engine.Port) {})
		for c, want := range map[net.Conn]string{server: "lost at first", client: "answer"} {
			got := make([]byte, len(want))
			if _, err := readFull(c, got); err != nil || string(got) != want {
				t.Errorf("after the outage: %q, %v", got, err)
			}
		}
		late := a.dial(netip.AddrPortFrom(ip, 81))
		if _, err := l.Accept(); err != nil {
			t.Error(err)
		}
		late.Close()
	})
}

// readable reports whether n bytes can be read, which it reads.
func readable(c net.Conn, n int) bool {
	_, err := readFull(c, make([]byte, n))
	return err == nil
}

func readFull(c net.Conn, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var more int
		more, err = c.Read(b[n:])
		n += more
	}
	return n, err
}

// testAttachChanged has the port come back with another MAC, MTU and addresses.
func testAttachChanged(t *testing.T, open Open) {
	a, b := newPair(t, open)
	client, server := connect(t, a, b, b.v6) // netstack takes a new MAC from an advertisement, but not from an ARP packet
	go serveEcho(b.listen(anywhere(80)))
	b.detach()
	mac := [6]byte{2, 0, 0, 0, 0, 77}
	fresh4, fresh6 := netip.MustParseAddr("10.0.0.88"), netip.MustParseAddr("fd00::88")
	var sizes []int
	b.attach(func(p *engine.Port) {
		p.MAC, p.MTU = mac, 1300
		p.Addrs[0] = netip.PrefixFrom(fresh4, 24)
		p.Addrs = append(p.Addrs, netip.PrefixFrom(fresh6, 64))
		p.Gates = p.Gates[:1]
	})
	b.do(func() {
		b.filter = func(f []byte) bool {
			if [6]byte(f[6:12]) != mac {
				t.Errorf("sends from % x", f[6:12])
			}
			sizes = append(sizes, len(f))
			return true
		}
	})
	request := noise(5000)
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := readByte(server)(); err != nil {
		t.Fatalf("the connection from before: %v", err)
	}
	if _, err := server.Write(request); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(request))
	if _, err := readFull(client, got); err != nil || !bytes.Equal(got, request) {
		t.Errorf("the connection from before: %v", err)
	}
	for _, ip := range []netip.Addr{b.v6, fresh4, fresh6} {
		if err := echo(a.dial(netip.AddrPortFrom(ip, 80)), request); err != nil {
			t.Errorf("%s: %v", ip, err)
		}
	}
	b.do(func() {
		if longest := slices.Max(sizes); longest > 1300+14 {
			t.Errorf("sends a frame of %d bytes", longest)
		}
	})
	if _, err := b.ListenTCP(netip.AddrPortFrom(b.v4, 90), nil); err == nil {
		t.Error("listens at an address that is gone")
	}
	b.detach()
	var err error
	b.do(func() { err = b.Attach([]engine.Port{{ID: testPort + 1, Name: "other", MTU: mtu}}) })
	if err != nil {
		t.Errorf("only a port that it does not have: %v", err)
	}
}
