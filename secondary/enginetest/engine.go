package enginetest

import (
	"errors"
	"io"
	"net"
	"net/netip"
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

func tcpFlow(local, remote netip.AddrPort, state engine.FlowState) []engine.Flow {
	return []engine.Flow{{
		Local: local.Addr().As16(), Remote: remote.Addr().As16(), LocalPort: local.Port(), RemotePort: remote.Port(), State: state,
	}}
}

func testFlows(t *testing.T, open Open) {
	families(t, open, func(t *testing.T, a, b *host, ip netip.Addr) {
		l := b.listen(anywhere(80))
		remote := netip.AddrPortFrom(ip, 80)
		source := a.v4
		if ip.Is6() {
			source = a.v6
		}
		local := netip.AddrPortFrom(source, 30000)
		state := func(state engine.FlowState) []engine.Flow { return tcpFlow(remote, local, state) }
		established := state(engine.FlowOpen)
		if flows := b.flows(); len(flows) != 0 {
			t.Fatalf("a listener alone: %v", flows)
		}

		b.do(func() { b.filter = func(f []byte) bool { return !isTCP(f) } }) // its SYN-ACK is lost
		dialling := make(chan net.Conn, 1)
		go func() {
			c, err := a.DialTCP(t.Context(), anywhere(30000), remote, nil)
			if err != nil {
				t.Error(err)
			}
			dialling <- c
		}()
		eventually(t, "SYN-RECEIVED", func() bool { return slices.Equal(b.flows(), state(engine.FlowHalfOpen)) })
		if flows := a.flows(); !slices.Equal(flows, tcpFlow(local, remote, engine.FlowOpen)) {
			t.Errorf("SYN-SENT: %v", flows)
		}

		b.do(func() { b.filter = nil })
		client := <-dialling // not accepted yet, which not all engines know
		if flows := b.flows(); !slices.Equal(flows, state(engine.FlowComing)) && !slices.Equal(flows, established) {
			t.Errorf("not accepted: %v", flows)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "accepted", func() bool { return slices.Equal(b.flows(), established) })

		l.Close()
		client.Close()
		if flows := a.flows(); len(flows) != 1 {
			t.Errorf("FIN-WAIT: %v", flows)
		}
		if err := readByte(server)(); err != io.EOF {
			t.Fatal(err)
		}
		if flows := b.flows(); !slices.Equal(flows, established) {
			t.Errorf("CLOSE-WAIT: %v", flows)
		}
		server.Close()
		eventually(t, "LAST-ACK ends", func() bool { return len(b.flows()) == 0 })
		if flows := a.flows(); !slices.Equal(flows, tcpFlow(local, remote, engine.FlowWaiting)) {
			t.Errorf("TIME-WAIT: %v", flows)
		}
	})
}

func testClose(t *testing.T, open Open) {
	a, b := newPair(t, open)
	client, _ := connect(t, a, b, b.v4)
	gone, server := connect(t, a, b, b.v6)
	gone.Close() // to TIME-WAIT
	if err := readByte(server)(); err != io.EOF {
		t.Fatal(err)
	}
	server.Close()
	udp, l := a.listenUDP(53), a.listen(anywhere(80))
	b.do(func() { b.filter = func([]byte) bool { return false } })
	waiting := map[string]<-chan error{
		"accept":   result(func() error { _, err := l.Accept(); return err }),
		"read":     result(readByte(client)),
		"readfrom": result(func() error { _, _, err := udp.ReadFrom(nil); return err }),
		"dial": result(func() error {
			_, err := a.DialTCP(t.Context(), anywhere(30000), addrPort(b, 81), nil)
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
	if _, err := a.ListenTCP(anywhere(81), nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("listen: %v", err)
	}
}

func testOwnAddress(t *testing.T, open Open) {
	families(t, open, func(t *testing.T, _, b *host, ip netip.Addr) {
		go serveEcho(b.listen(anywhere(80)))
		if err := echo(b.dial(netip.AddrPortFrom(ip, 80)), noise(10000)); err != nil {
			t.Error(err)
		}
	})
}

func testNewErrors(t *testing.T, open Open) {
	addr := netip.MustParsePrefix("10.0.0.1/24")
	_, err := open([]engine.Port{{Name: "eth0", MAC: [6]byte{2}, MTU: mtu, Addrs: []netip.Prefix{addr, addr}, Device: &host{}}})
	if !errors.Is(err, syscall.EEXIST) {
		t.Errorf("the same address twice: %v", err)
	}
}

func testIPv4Only(t *testing.T, open Open) {
	h := newHost(t, func(ports []engine.Port) (engine.Engine, error) {
		ports[0].Addrs = ports[0].Addrs[:1]
		ports[0].Gates = nil
		return open(ports)
	}, 1)
	defer h.Close()
	go h.loop()
	defer h.halt()
	if l := h.listen(anywhere(80)); l.Addr().String() != "0.0.0.0:80" {
		t.Errorf("listens at %s", l.Addr())
	}
	if _, err := h.ListenTCP(netip.MustParseAddrPort("[::1]:80"), nil); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("listen on IPv6: %v", err)
	}
	h.do(func() {
		if next := h.Poll(time.Now()); !next.IsZero() {
			t.Errorf("an idle engine wants to be called at %v", next)
		}
	})
}
