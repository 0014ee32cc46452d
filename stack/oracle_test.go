package stack

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// talk joins an engine and gVisor's stack by a cable.
type talk struct {
	t      *testing.T
	native *host
	oracle *gvisorRival
	now    time.Duration
	v4, v6 wire.Addr // gVisor's
}

func newTalk(t *testing.T, six bool) *talk {
	x := &talk{t: t, native: newHost(t, 1, nil), v4: v4(10, 0, 0, 2), v6: wire.Addr{0: 0xfd, 15: 2}}
	x.native.peer = &host{t: t}
	x.oracle = newGvisor(t, wire.MAC{2, 0, 0, 0, 0, 2}, x.v4, x.v6, six)
	x.oracle.peer = gAddr(x.native.v4)
	if six {
		x.oracle.peer = gAddr(x.native.v6)
	}
	t.Cleanup(x.oracle.stop)
	return x
}

// until lets time pass until a condition holds.
func (x *talk) until(what string, condition func() bool) {
	x.t.Helper()
	for end := x.now + time.Minute; !condition(); {
		if x.now >= end {
			x.t.Fatalf("never: %s", what)
		}
		for busy := true; busy; {
			busy = x.exchange()
		}
		x.now += time.Millisecond
		x.oracle.advance(time.Millisecond)
	}
}

// exchange carries what is on the cable, and reports whether there was anything.
func (x *talk) exchange() bool {
	x.native.Poll(x.now)
	there := x.native.peer.inbox
	x.native.peer.inbox = nil
	for _, f := range there {
		x.oracle.input(f)
	}
	back := x.oracle.frames()
	for _, f := range back {
		x.native.Input(0, f, x.now)
	}
	return len(there)+len(back) > 0
}

func talkFamilies(t *testing.T, test func(t *testing.T, x *talk, own, other wire.Addr)) {
	t.Run("IPv4", func(t *testing.T) { x := newTalk(t, false); test(t, x, x.native.v4, x.v4) })
	t.Run("IPv6", func(t *testing.T) { x := newTalk(t, true); test(t, x, x.native.v6, x.v6) })
}

func TestOraclePing(t *testing.T) {
	talkFamilies(t, func(t *testing.T, x *talk, own, other wire.Addr) {
		for i, size := range []int{0, 1000, 1473, 9000, 60000} {
			x.native.Ping(wire.Addr{}, other, 3, uint16(i), make([]byte, size))
			x.until("an answer", func() bool { return len(x.native.log) > 0 })
			x.native.expect(fmt.Sprintf("echo reply 3/%d of %d from %s", i, size, other))
		}
	})
}

func TestOracleUDP(t *testing.T) {
	talkFamilies(t, func(t *testing.T, x *talk, own, other wire.Addr) {
		send := func(to tcpip.FullAddress, data []byte) {
			if _, err := x.oracle.udp.Write(bytes.NewReader(data), tcpip.WriteOptions{To: &to}); err != nil {
				t.Error(err)
			}
		}
		sizes := []int{0, 700, 5000, 40000}
		x.oracle.onUDP = send // gVisor's echoes
		id := x.native.open(Ends{Remote: other, RemotePort: udpPort})
		for _, size := range sizes {
			x.native.SendUDP(id, &Datagram{Data: make([]byte, size)})
			x.until("an answer", func() bool { return len(x.native.log) > 0 })
			x.native.expect(fmt.Sprintf("datagram of %d from %s", size, hostPort(other, udpPort)))
		}
		x.native.CloseUDP(id)
		x.native.open(Ends{LocalPort: 54}) // the engine echoes
		x.native.echo()
		got := -1
		x.oracle.onUDP = func(_ tcpip.FullAddress, data []byte) { got = len(data) }
		for _, size := range sizes {
			send(tcpip.FullAddress{Addr: gAddr(own), Port: 54}, make([]byte, size))
			x.until("an answer", func() bool { return got == size })
		}
		x.native.log = nil
		id = x.native.open(Ends{Remote: other, RemotePort: 99}) // nobody listens
		x.native.SendUDP(id, &Datagram{})
		x.until("an error", func() bool { return len(x.native.log) > 0 })
		x.native.expect(fmt.Sprintf("error about %s: connection refused", hostPort(other, 99)))
	})
}

// echoTCP lets gVisor's application send back what it reads, and end when its peer does.
func (x *talk) echoTCP() {
	r := x.oracle
	n, _ := r.ep.Write(bytes.NewReader(r.bytes[r.sent:]), tcpip.WriteOptions{})
	r.sent += uint32(n)
	if r.eof && int(r.sent) == len(r.bytes) {
		r.close()
	}
}

func TestOracleTCP(t *testing.T) {
	talkFamilies(t, func(t *testing.T, x *talk, own, other wire.Addr) {
		x.oracle.listen()
		client, server := streams(x.native, x.native, 1<<20)
		x.native.app = client
		x.native.TCP().Connect(&tcp.ConnectConfig{Remote: other, RemotePort: rivalPort})
		x.until("all comes back", func() bool {
			if x.oracle.ep != nil {
				x.echoTCP()
			}
			return client.closed > 0
		})
		if !bytes.Equal(client.got, client.data) || client.err != 0 {
			t.Errorf("%d of %d bytes come back, %v", len(client.got), len(client.data), client.err)
		}
		x.native.app = server
		x.native.TCP().Listen(tcp.ListenConfig{Port: peerPort})
		x.oracle.listener.Close()
		x.oracle.listener = nil
		x.oracle.connect()
		x.until("all comes back", func() bool {
			r := x.oracle
			if n, _ := r.ep.Write(bytes.NewReader(client.data[r.sent:]), tcpip.WriteOptions{}); n > 0 {
				if r.sent += uint32(n); int(r.sent) == len(client.data) {
					r.closeWrite()
				}
			}
			return r.eof
		})
		if !bytes.Equal(x.oracle.bytes, client.data) {
			t.Errorf("%d of %d bytes come back", len(x.oracle.bytes), len(client.data))
		}
	})
}

func TestOracleTCPRefused(t *testing.T) {
	talkFamilies(t, func(t *testing.T, x *talk, own, other wire.Addr) {
		client, _ := streams(x.native, x.native, 1)
		x.native.app = client
		x.native.TCP().Connect(&tcp.ConnectConfig{Remote: other, RemotePort: 9})
		x.until("refusal", func() bool { return client.err != 0 })
		x.oracle.connect()
		x.until("refusal", func() bool { return slices.Contains(x.oracle.news(), "error: connection refused") })
		if client.err.Error() != "connection refused" {
			t.Error(client.err)
		}
	})
}
