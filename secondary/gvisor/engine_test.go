package gvisor

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"ringstack/secondary/engine"
)

func (h *host) flows() []engine.Flow {
	var flows []engine.Flow
	h.do(func() { h.Flows(func(f engine.Flow) { flows = append(flows, f) }) })
	return flows
}

func tcpFlow(local, remote netip.AddrPort) engine.Flow {
	return engine.Flow{Proto: 6, Local: local, Remote: remote}
}

func TestFlows(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, ip netip.Addr) {
		l := b.listen(anywhere(80))
		remote := netip.AddrPortFrom(ip, 80)
		source := a.v4
		if ip.Is6() {
			source = a.v6
		}
		local := netip.AddrPortFrom(source, 30000)
		want := tcpFlow(remote, local)
		if flows := b.flows(); len(flows) != 0 {
			t.Fatalf("a listener alone: %v", flows)
		}

		b.do(func() { b.filter = func(f []byte) bool { return !isTCP(f) } }) // its SYN-ACK is lost
		dialling := make(chan net.Conn, 1)
		go func() {
			c, err := a.DialTCP(t.Context(), anywhere(30000), remote)
			if err != nil {
				t.Error(err)
			}
			dialling <- c
		}()
		eventually(t, "SYN-RECEIVED", func() bool { return slices.Equal(b.flows(), []engine.Flow{want}) })
		if flows := a.flows(); !slices.Equal(flows, []engine.Flow{tcpFlow(local, remote)}) {
			t.Errorf("SYN-SENT: %v", flows)
		}

		b.do(func() { b.filter = nil })
		client := <-dialling // not accepted yet
		if flows := b.flows(); !slices.Equal(flows, []engine.Flow{want}) {
			t.Errorf("not accepted: %v", flows)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if flows := b.flows(); !slices.Equal(flows, []engine.Flow{want}) {
			t.Errorf("accepted: %v", flows)
		}

		l.Close()
		client.Close()
		if flows := a.flows(); len(flows) != 1 {
			t.Errorf("FIN-WAIT: %v", flows)
		}
		if err := readByte(server)(); err != io.EOF {
			t.Fatal(err)
		}
		if flows := b.flows(); !slices.Equal(flows, []engine.Flow{want}) {
			t.Errorf("CLOSE-WAIT: %v", flows)
		}
		server.Close()
		eventually(t, "LAST-ACK ends", func() bool { return len(b.flows()) == 0 })
		if flows := a.flows(); !slices.Equal(flows, []engine.Flow{tcpFlow(local, remote)}) {
			t.Errorf("TIME-WAIT: %v", flows)
		}
	})
}

func TestClose(t *testing.T) {
	a, b := newPair(t)
	client, _ := connect(t, a, b, b.v4)
	gone, server := connect(t, a, b, b.v6)
	gone.Close() // to TIME-WAIT
	server.Close()
	udp, l := a.listenUDP(53), a.listen(anywhere(80))
	b.do(func() { b.filter = func([]byte) bool { return false } })
	waiting := map[string]<-chan error{
		"accept":   result(func() error { _, err := l.Accept(); return err }),
		"read":     result(readByte(client)),
		"readfrom": result(func() error { _, _, err := udp.ReadFrom(nil); return err }),
		"dial": result(func() error {
			_, err := a.DialTCP(t.Context(), anywhere(30000), netipAddrPort(b, 81))
			return err
		}),
	}
	eventually(t, "SYN-SENT", func() bool { return len(a.flows()) == 3 })
	for _, h := range []*host{a, b} {
		h.halt()
		h.Close()
		h.Close() // does no harm
	}
	for what, c := range waiting {
		if err := await(t, what, c); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := a.ListenTCP(anywhere(81)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("listen: %v", err)
	}
	stacks := make([]byte, 1<<20)
	eventually(t, "netstack's goroutines end", func() bool {
		return !bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("gvisor.dev/"))
	})
}

func TestOwnAddress(t *testing.T) {
	families(t, func(t *testing.T, _, b *host, ip netip.Addr) {
		go serveEcho(b.listen(anywhere(80)))
		if err := echo(b.dial(netip.AddrPortFrom(ip, 80)), noise(10000)); err != nil {
			t.Error(err)
		}
	})
}

func TestNewErrors(t *testing.T) {
	addr := netip.MustParsePrefix("10.0.0.1/24")
	_, err := New([]engine.Port{{Name: "eth0", MTU: mtu, Addrs: []netip.Prefix{addr, addr}}})
	if !errors.Is(err, syscall.EEXIST) {
		t.Errorf("the same address twice: %v", err)
	}
}

func TestIPv4Only(t *testing.T) {
	e, err := New([]engine.Port{{Name: "eth0", MTU: mtu, Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")}, Device: &host{}}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	l, err := e.ListenTCP(anywhere(80))
	if err != nil || l.Addr().String() != "0.0.0.0:80" {
		t.Errorf("listen: %v, %v", l, err)
	}
	if _, err := e.ListenTCP(netip.MustParseAddrPort("[::1]:80")); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("listen on IPv6: %v", err)
	}
	if next := e.Poll(time.Now()); !next.IsZero() {
		t.Errorf("an idle engine wants to be called at %v", next)
	}
}
