package stack

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"ringstack/stack/wire"
)

func TestUDPEcho(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		b.open(Ends{LocalPort: 53})
		b.echo()
		id := a.open(Ends{Remote: lb, RemotePort: 53})
		ends, _ := a.Ends(id)
		if ends.Local != la || ends.LocalPort < 49152 {
			t.Errorf("ends %+v", ends)
		}
		for _, size := range []int{0, 1, 1472, 5000, 65507} {
			if err := a.SendUDP(id, &Datagram{Data: make([]byte, size)}); err != 0 {
				t.Fatal(err)
			}
			settle(0, a, b)
			a.expect(fmt.Sprintf("datagram of %d from %s", size, hostPort(lb, 53)))
			b.expect(fmt.Sprintf("datagram of %d from %s", size, hostPort(la, ends.LocalPort)))
		}
	})
}

func hostPort(a wire.Addr, port uint16) string {
	if a.Is4() {
		return fmt.Sprintf("%s:%d", a, port)
	}
	return fmt.Sprintf("[%s]:%d", a, port)
}

func TestUDPPortUnreachable(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		id := a.open(Ends{Remote: lb, RemotePort: 99})
		a.SendUDP(id, &Datagram{Data: []byte("x")})
		settle(0, a, b)
		a.expect(fmt.Sprintf("error about %s: connection refused", hostPort(lb, 99)))
		if b.count(UDPNoPort) != 1 || b.count(ICMPErrorsOut) != 1 {
			t.Error("the datagram is not counted")
		}
	})
}

func TestUDPNobodyThere(t *testing.T) {
	a, b := newPair(t)
	id := a.open(Ends{LocalPort: 1})
	for _, to := range []wire.Addr{v4(10, 0, 0, 99), {0: 0xfd, 15: 99}} {
		a.SendUDP(id, &Datagram{Remote: to, RemotePort: 5, Data: []byte("x")})
		run(a.now, a.now+4*time.Second, a, b)
		a.expect(fmt.Sprintf("error about %s: no route to host", hostPort(to, 5)))
	}
}

func TestUDPDemultiplex(t *testing.T) {
	a, b := newPair(t)
	wild, exact := b.open(Ends{LocalPort: 53}), SocketID(0)
	var got SocketID
	b.onData = func(id SocketID, d *Datagram) { got = id }
	client := a.open(Ends{Local: a.v4, LocalPort: 1000})
	probe := func(to wire.Addr) SocketID {
		t.Helper()
		got = 0
		a.SendUDP(client, &Datagram{Remote: to, RemotePort: 53})
		settle(0, a, b)
		return got
	}
	if probe(b.v4) != wild {
		t.Error("the wildcard socket gets nothing")
	}
	if _, err := b.OpenUDP(Ends{Local: b.v4, LocalPort: 53}); err != syscall.EADDRINUSE {
		t.Errorf("an address under a wildcard: %v", err)
	}
	b.CloseUDP(wild)
	if probe(b.v4) != 0 || b.count(UDPNoPort) != 1 {
		t.Error("a closed socket gets data")
	}
	exact = b.open(Ends{Local: b.v4, LocalPort: 53})
	if probe(b.v4) != exact {
		t.Error("the bound socket gets nothing")
	}
	flow := b.open(Ends{Local: b.v4, LocalPort: 53, Remote: a.v4, RemotePort: 1000})
	if probe(b.v4) != flow {
		t.Error("the connected socket gets nothing")
	}
	b.CloseUDP(flow)
	if probe(b.v4) != exact {
		t.Error("the bound socket gets nothing after all")
	}
	if err := b.CloseUDP(flow); err != syscall.EBADF {
		t.Errorf("second close: %v", err)
	}
}

// One port may have a socket for each IP version.
func TestUDPVersions(t *testing.T) {
	a, b := newPair(t)
	ids := map[bool]SocketID{
		true:  b.open(Ends{Local: wire.Any4, LocalPort: 53}),
		false: b.open(Ends{LocalPort: 53, V6Only: true}),
	}
	for name, ends := range map[string]Ends{
		"both": {LocalPort: 53}, "IPv4": {Local: wire.Any4, LocalPort: 53}, "IPv6": {LocalPort: 53, V6Only: true},
	} {
		if _, err := b.OpenUDP(ends); err != syscall.EADDRINUSE {
			t.Errorf("a second socket for %s: %v", name, err)
		}
	}
	var got SocketID
	b.onData = func(id SocketID, d *Datagram) { got = id }
	for _, to := range []wire.Addr{b.v4, b.v6} {
		a.SendUDP(a.open(Ends{Remote: to, RemotePort: 53}), &Datagram{})
		settle(0, a, b)
		if got != ids[to.Is4()] {
			t.Errorf("a datagram to %s reaches socket %v of %v", to, got, ids)
		}
	}
	b.CloseUDP(ids[true])
	a.SendUDP(a.open(Ends{Remote: b.v4, RemotePort: 53}), &Datagram{})
	settle(0, a, b)
	if b.count(UDPNoPort) != 1 {
		t.Error("the socket for IPv6 takes IPv4")
	}
	if err := b.SendUDP(ids[false], &Datagram{Remote: a.v4, RemotePort: 9}); err != syscall.EAFNOSUPPORT {
		t.Errorf("IPv4 from the socket for IPv6: %v", err)
	}
}

func TestUDPErrors(t *testing.T) {
	a, _ := newPair(t)
	gate := Route{Dst: prefixOf("192.0.2.0/24"), Gateway: v4(10, 0, 0, 3).Netip()}
	a.AddRoute(gate)
	id := a.open(Ends{LocalPort: 7})
	flow := a.open(Ends{Remote: v4(10, 0, 0, 2), RemotePort: 9})
	for _, c := range []struct {
		name string
		got  syscall.Errno
		want syscall.Errno
	}{
		{"too long", a.SendUDP(id, &Datagram{Remote: v4(10, 0, 0, 2), RemotePort: 9, Data: make([]byte, 65508)}), syscall.EMSGSIZE},
		{"no destination", a.SendUDP(id, &Datagram{}), syscall.EDESTADDRREQ},
		{"connected", a.SendUDP(flow, &Datagram{Remote: v4(10, 0, 0, 2), RemotePort: 9}), syscall.EISCONN},
		{"no route", a.SendUDP(id, &Datagram{Remote: v4(8, 8, 8, 8), RemotePort: 9}), syscall.ENETUNREACH},
		{"foreign source", a.SendUDP(id, &Datagram{Local: v4(10, 0, 0, 9), Remote: v4(10, 0, 0, 2), RemotePort: 9}), syscall.EADDRNOTAVAIL},
		{"closed", a.SendUDP(id+1<<32, &Datagram{}), syscall.EBADF},
		{"foreign address", second(a.OpenUDP(Ends{Local: v4(10, 0, 0, 9)})), syscall.EADDRNOTAVAIL},
		{"in use", second(a.OpenUDP(Ends{LocalPort: 7})), syscall.EADDRINUSE},
		{"two versions", second(a.OpenUDP(Ends{Local: a.v4, Remote: a.v6, RemotePort: 1})), syscall.EINVAL},
		{"connect without route", second(a.OpenUDP(Ends{Remote: v4(8, 8, 8, 8), RemotePort: 1})), syscall.ENETUNREACH},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, not %v", c.name, c.got, c.want)
		}
	}
	lost := a.open(Ends{Remote: v4(192, 0, 2, 1), RemotePort: 9})
	a.RemoveRoute(gate)
	if err := a.SendUDP(lost, &Datagram{}); err != syscall.ENETUNREACH || a.count(NoBuffer) != 0 {
		t.Errorf("its route has gone: %v", err)
	}
	a.blocked = true
	a.neighbours.Set(0, &a.v4, &a.mac, 0)
	a.SetNeighbour(0, v4(10, 0, 0, 2), wire.MAC{2, 2, 2, 2, 2, 2})
	if err := a.SendUDP(flow, &Datagram{}); err != syscall.ENOBUFS {
		t.Errorf("without buffers: %v", err)
	}
}

func second(_ SocketID, err syscall.Errno) syscall.Errno { return err }

func TestUDPBroadcastAndGroup(t *testing.T) {
	a, b := newPair(t)
	b.open(Ends{LocalPort: 5000})
	id := a.open(Ends{Local: a.v4, LocalPort: 1})
	six := a.open(Ends{Local: a.v6, LocalPort: 1})
	group4, group6 := v4(239, 1, 2, 3), wire.Addr{0: 0xff, 1: 0x02, 14: 0x12, 15: 0x34}
	send := func(id SocketID, to wire.Addr, want ...string) {
		t.Helper()
		a.log, b.log = nil, nil
		if err := a.SendUDP(id, &Datagram{Remote: to, RemotePort: 5000, Data: []byte("x")}); err != 0 {
			t.Errorf("to %s: %v", to, err)
		}
		settle(0, a, b)
		b.expect(want...)
		a.expect()
	}
	send(id, wire.Broadcast4, "datagram of 1 from 10.0.0.1:1")
	send(id, v4(10, 0, 0, 255), "datagram of 1 from 10.0.0.1:1")
	send(id, group4)
	send(six, group6)
	b.JoinGroup(0, group4)
	b.JoinGroup(0, group6)
	send(id, group4, "datagram of 1 from 10.0.0.1:1")
	send(six, group6, "datagram of 1 from [fd00::1]:1")
	b.LeaveGroup(0, group4)
	b.LeaveGroup(0, group6)
	send(id, group4)
	send(six, group6)
	if b.count(IPNotOurs) == 0 || b.count(ICMPErrorsOut) != 0 {
		t.Error("groups: drops are not counted, or are answered")
	}
}

// Whatever a spoilt datagram is, it is counted and not delivered.
func TestUDPBadChecksum(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		b.open(Ends{LocalPort: 53})
		id := a.open(Ends{Remote: lb, RemotePort: 53})
		a.Ping(wire.Addr{}, lb, 1, 1, nil) // resolves
		settle(0, a, b)
		a.log = nil
		a.filter = func(f []byte) bool { f[len(f)-1] ^= 1; return true }
		a.SendUDP(id, &Datagram{Data: []byte("spoilt")})
		settle(0, a, b)
		if b.expect(); b.count(UDPBadSum) != 1 {
			t.Errorf("%d bad sums", b.count(UDPBadSum))
		}
		a.filter = func(f []byte) bool { // no checksum
			at := 14 + 20
			if !la.Is4() {
				at = 14 + 40
			}
			f[at+6], f[at+7] = 0, 0
			return true
		}
		a.SendUDP(id, &Datagram{Data: []byte("plain")})
		settle(0, a, b)
		if la.Is4() {
			b.expect(fmt.Sprintf("datagram of 5 from %s", hostPort(la, must(a.Ends(id)).LocalPort)))
		} else if b.expect(); b.count(UDPNoSum) != 1 {
			t.Error("an IPv6 datagram without checksum is not counted")
		}
	})
}

func must(e Ends, _ syscall.Errno) Ends { return e }

func TestNoAllocation(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		server := b.open(Ends{LocalPort: 53})
		var out Datagram
		b.onData = func(id SocketID, d *Datagram) {
			out = Datagram{Local: d.Local, Remote: d.Remote, RemotePort: d.RemotePort, Data: d.Data}
			b.SendUDP(server, &out)
		}
		id := a.open(Ends{Remote: lb, RemotePort: 53})
		for _, size := range []int{64, 4000} {
			d := Datagram{Data: make([]byte, size)}
			round := func() {
				a.SendUDP(id, &d)
				a.Ping(wire.Addr{}, lb, 1, 1, d.Data)
				settle(0, a, b)
			}
			round()
			a.quiet, b.quiet = true, true
			if n := testing.AllocsPerRun(200, round); n != 0 {
				t.Errorf("%d bytes: %v allocations", size, n)
			}
		}
	})
}

func BenchmarkUDPEcho(b *testing.B) {
	for name, six := range map[string]bool{"IPv4": false, "IPv6": true} {
		b.Run(name, func(b *testing.B) {
			x, y := newPair(b)
			x.quiet, y.quiet = true, true
			server := y.open(Ends{LocalPort: 53})
			var out Datagram
			y.onData = func(id SocketID, d *Datagram) {
				out = Datagram{Local: d.Local, Remote: d.Remote, RemotePort: d.RemotePort, Data: d.Data}
				y.SendUDP(server, &out)
			}
			to := y.v4
			if six {
				to = y.v6
			}
			id := x.open(Ends{Remote: to, RemotePort: 53})
			d := Datagram{Data: make([]byte, 64)}
			b.ReportAllocs()
			for b.Loop() {
				x.SendUDP(id, &d)
				settle(1, x, y)
			}
		})
	}
}
