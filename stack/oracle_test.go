package stack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"ringstack/secondary/engine"
	"ringstack/secondary/gvisor"
	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// oracle is gVisor's stack at the other end of the cable of an engine. Its sockets live in real time, so the test that drives
// both does as well.
type oracle struct {
	engine.Engine
	t      *testing.T
	native *host
	cable  *host // takes the native engine's frames
	frame  []byte
	wake   chan struct{}
	start  time.Time
	v4, v6 wire.Addr
}

const patience = 20 * time.Second // what no passing test comes near

func newOracle(t *testing.T) *oracle {
	o := &oracle{
		t: t, native: newHost(t, 1, nil), cable: &host{t: t}, wake: make(chan struct{}, 1), start: time.Now(),
		v4: v4(10, 0, 0, 2), v6: wire.Addr{0: 0xfd, 15: 2},
	}
	o.native.peer = o.cable
	e, err := gvisor.New([]engine.Port{{
		Name: "eth0", MAC: [6]byte{2, 0, 0, 0, 0, 2}, MTU: 1500, Device: o,
		Addrs: []netip.Prefix{prefixOf("10.0.0.2/24"), prefixOf("fd00::2/64")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	o.Engine = e
	t.Cleanup(e.Close)
	return o
}

func (o *oracle) Frame(n int) []byte { o.frame = make([]byte, n); return o.frame }
func (o *oracle) Send()              { o.native.Input(0, o.frame, time.Since(o.start)) }
func (o *oracle) Wake() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// until drives both stacks until a condition holds.
func (o *oracle) until(what string, condition func() bool) {
	o.t.Helper()
	for end := time.Now().Add(patience); !condition(); {
		if time.Now().After(end) {
			o.t.Fatalf("never: %s", what)
		}
		o.native.Poll(time.Since(o.start))
		busy := len(o.cable.inbox) > 0
		for _, f := range o.cable.inbox {
			o.Input(0, f)
		}
		o.cable.inbox = o.cable.inbox[:0]
		o.Poll(time.Now())
		if !busy {
			select {
			case <-o.wake:
			case <-time.After(time.Millisecond):
			}
		}
	}
}

// background runs f while until drives the stacks, and returns a condition: f has ended.
func (o *oracle) background(f func() error) func() bool {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return func() bool {
		select {
		case err := <-done:
			if err != nil {
				o.t.Error(err)
			}
			return true
		default:
			return false
		}
	}
}

func oracleFamilies(t *testing.T, test func(t *testing.T, o *oracle, own, other wire.Addr)) {
	t.Run("IPv4", func(t *testing.T) { o := newOracle(t); test(t, o, o.native.v4, o.v4) })
	t.Run("IPv6", func(t *testing.T) { o := newOracle(t); test(t, o, o.native.v6, o.v6) })
}

func TestOraclePing(t *testing.T) {
	oracleFamilies(t, func(t *testing.T, o *oracle, own, other wire.Addr) {
		for i, size := range []int{0, 1000, 1473, 9000, 60000} {
			o.native.Ping(wire.Addr{}, other, 3, uint16(i), make([]byte, size))
			o.until("an answer", func() bool { return len(o.native.log) > 0 })
			o.native.expect(fmt.Sprintf("echo reply 3/%d of %d from %s", i, size, other))
		}
	})
}

func TestOracleUDP(t *testing.T) {
	oracleFamilies(t, func(t *testing.T, o *oracle, own, other wire.Addr) {
		// gVisor serves.
		c, err := o.ListenUDP(netip.AddrPortFrom(netip.Addr{}, 53))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for b := make([]byte, 65536); ; {
				n, from, err := c.ReadFrom(b)
				if err != nil {
					return
				}
				c.WriteTo(b[:n], from)
			}
		}()
		id := o.native.open(Ends{Remote: other, RemotePort: 53})
		for _, size := range []int{0, 700, 5000, 40000} {
			o.native.SendUDP(id, &Datagram{Data: make([]byte, size)})
			o.until("an answer", func() bool { return len(o.native.log) > 0 })
			o.native.expect(fmt.Sprintf("datagram of %d from %s", size, hostPort(other, 53)))
		}
		// And asks.
		o.native.open(Ends{LocalPort: 54})
		o.native.echo()
		client, err := o.DialUDP(netip.AddrPort{}, netip.AddrPortFrom(own.Netip(), 54))
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{0, 700, 5000, 40000} {
			o.until("an answer", o.background(func() error {
				if _, err := client.Write(make([]byte, size)); err != nil {
					return err
				}
				client.SetReadDeadline(time.Now().Add(patience))
				n, err := client.Read(make([]byte, 65536))
				if err == nil && n != size {
					err = fmt.Errorf("%d bytes of %d", n, size)
				}
				return err
			}))
		}
		// Nobody listens: both say so.
		o.native.log = nil
		id = o.native.open(Ends{Remote: other, RemotePort: 99})
		o.native.SendUDP(id, &Datagram{})
		o.until("an error", func() bool { return len(o.native.log) > 0 })
		o.native.expect(fmt.Sprintf("error about %s: connection refused", hostPort(other, 99)))
	})
}

func TestOracleTCP(t *testing.T) {
	oracleFamilies(t, func(t *testing.T, o *oracle, own, other wire.Addr) {
		// gVisor serves.
		l, err := o.ListenTCP(netip.AddrPortFrom(netip.Addr{}, 80))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.Copy(c, c)
			c.Close()
		}()
		client, server := streams(o.native, o.native, 1<<20)
		o.native.app = client
		if _, err := o.native.TCP().Connect(&tcp.ConnectConfig{Remote: other, RemotePort: 80}); err != 0 {
			t.Fatal(err)
		}
		o.until("all comes back", func() bool { return len(client.got) == len(client.data) })
		if !bytes.Equal(client.got, client.data) {
			t.Error("other bytes come back")
		}
		// And connects.
		o.native.app = server
		o.native.TCP().Listen(tcp.ListenConfig{Port: 81})
		o.until("all comes back", o.background(func() error {
			c, err := o.DialTCP(context.Background(), netip.AddrPort{}, netip.AddrPortFrom(own.Netip(), 81))
			if err != nil {
				return err
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(patience))
			go func() {
				c.Write(client.data)
				c.(interface{ CloseWrite() error }).CloseWrite()
			}()
			got, err := io.ReadAll(c)
			if err == nil && !bytes.Equal(got, client.data) {
				err = fmt.Errorf("%d bytes come back", len(got))
			}
			return err
		}))
		// A closed port is refused.
		o.until("refusal", o.background(func() error {
			_, err := o.DialTCP(context.Background(), netip.AddrPort{}, netip.AddrPortFrom(own.Netip(), 9))
			if op, ok := err.(*net.OpError); !ok || op.Err.Error() != "connection refused" {
				return fmt.Errorf("dial to a closed port: %v", err)
			}
			return nil
		}))
	})
}
