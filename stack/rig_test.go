package stack

import (
	"fmt"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// host is an engine with one port, whose cable ends at peer. What happens to it is written to log.
type host struct {
	*Engine
	t       testing.TB
	id      byte
	mac     wire.MAC
	v4, v6  wire.Addr
	peer    *host
	frame   []byte
	inbox   [][]byte
	spare   [][]byte
	blocked bool                    // the port has no buffers
	filter  func(frame []byte) bool // false drops an outgoing frame
	log     []string
	onData  func(id SocketID, d *Datagram)
	quiet   bool
	capture func(frame []byte) // sees what a station says
	app     tcp.Events
}

const frameLimit = 1514

func newHost(t testing.TB, id byte, change func(*Config)) *host {
	h := &host{t: t, id: id, mac: wire.MAC{2, 0, 0, 0, 0, id}, v4: v4(10, 0, 0, id), v6: wire.Addr{0: 0xfd, 15: id}}
	config := Config{Seed: [32]byte{id}, Ports: []Port{{Name: "eth0", MAC: h.mac, Device: h, LinkLocal: true}}}
	if change != nil {
		change(&config)
	}
	e, err := New(config, h)
	if err != nil {
		t.Fatal(err)
	}
	h.Engine = e
	for _, p := range []string{fmt.Sprintf("10.0.0.%d/24", id), fmt.Sprintf("fd00::%x/64", id)} {
		if err := e.AddAddress(0, netip.MustParsePrefix(p), false); err != 0 {
			t.Fatal(err)
		}
	}
	return h
}

func v4(a, b, c, d byte) wire.Addr { return wire.From4([4]byte{a, b, c, d}) }

func newPair(t testing.TB) (a, b *host) {
	a, b = newHost(t, 1, nil), newHost(t, 2, nil)
	a.peer, b.peer = b, a
	return a, b
}

func (h *host) Frame(n int) []byte {
	if n > frameLimit {
		h.t.Errorf("frame of %d bytes", n)
	}
	if h.blocked {
		return nil
	}
	if k := len(h.spare); k > 0 {
		h.frame, h.spare = h.spare[k-1][:n], h.spare[:k-1]
	} else {
		h.frame = make([]byte, n, frameLimit)
	}
	return h.frame
}

func (h *host) Send() {
	if h.peer != nil && (h.filter == nil || h.filter(h.frame)) {
		h.peer.inbox = append(h.peer.inbox, h.frame)
	} else {
		h.spare = append(h.spare, h.frame)
	}
}

func (h *host) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

func (h *host) Datagram(id SocketID, d *Datagram) {
	if !h.quiet {
		h.note("datagram of %d from %s", len(d.Data), netip.AddrPortFrom(d.Remote.Netip(), d.RemotePort))
	}
	if h.onData != nil {
		h.onData(id, d)
	}
}

func (h *host) SocketError(id SocketID, remote wire.Addr, port uint16, err syscall.Errno) {
	h.note("error about %s: %s", netip.AddrPortFrom(remote.Netip(), port), err)
}

func (h *host) EchoReply(remote *wire.Addr, id, seq uint16, data []byte) {
	if !h.quiet {
		h.note("echo reply %d/%d of %d from %s", id, seq, len(data), remote)
	}
}

func (h *host) Accepted(l, c tcp.ID)                  { h.app.Accepted(l, c) }
func (h *host) Connected(c tcp.ID, err syscall.Errno) { h.app.Connected(c, err) }
func (h *host) Readable(c tcp.ID)                     { h.app.Readable(c) }
func (h *host) Writable(c tcp.ID)                     { h.app.Writable(c) }
func (h *host) Closed(c tcp.ID, err syscall.Errno)    { h.app.Closed(c, err) }

func (h *host) Conflict(port int, addr wire.Addr, mac wire.MAC) {
	h.note("conflict about %s with %s", addr, mac)
}

// take gives the engine what has come and runs it once.
func (h *host) take(now time.Duration) (busy bool) {
	for _, f := range h.inbox {
		h.Input(0, f, now)
		if cap(f) >= frameLimit {
			h.peer.spare = append(h.peer.spare, f)
		}
	}
	busy = len(h.inbox) > 0
	h.inbox = h.inbox[:0]
	h.Poll(now)
	return busy
}

// settle runs engines until the cable is quiet.
func settle(now time.Duration, hosts ...*host) {
	for busy := true; busy; {
		busy = false
		for _, h := range hosts {
			busy = h.take(now) || busy
		}
		for _, h := range hosts {
			busy = busy || len(h.inbox) > 0
		}
	}
}

// run is settle for a stretch of time, in steps of 10 ms.
func run(from, to time.Duration, hosts ...*host) {
	for now := from; now <= to; now += 10 * time.Millisecond {
		settle(now, hosts...)
	}
}

func (h *host) expect(want ...string) {
	h.t.Helper()
	if fmt.Sprint(h.log) != fmt.Sprint(want) {
		h.t.Errorf("host %d: %q, want %q", h.id, h.log, want)
	}
	h.log = nil
}

func (h *host) count(c Counter) uint64 { s := h.Stats(); return s[c] }

func (h *host) open(ends Ends) SocketID {
	h.t.Helper()
	id, err := h.OpenUDP(ends)
	if err != 0 {
		h.t.Fatal(err)
	}
	return id
}

// echo sends every datagram back.
func (h *host) echo() {
	h.onData = func(id SocketID, d *Datagram) {
		ends, _ := h.Ends(id)
		out := Datagram{Local: d.Local, Remote: d.Remote, RemotePort: d.RemotePort, Data: d.Data}
		if ends.RemotePort != 0 {
			out = Datagram{Data: d.Data}
		}
		if err := h.SendUDP(id, &out); err != 0 {
			h.t.Error(err)
		}
	}
}

// families runs a test once with the IPv4 and once with the IPv6 addresses.
func families(t *testing.T, test func(t *testing.T, a, b *host, la, lb wire.Addr)) {
	t.Run("IPv4", func(t *testing.T) { a, b := newPair(t); test(t, a, b, a.v4, b.v4) })
	t.Run("IPv6", func(t *testing.T) { a, b := newPair(t); test(t, a, b, a.v6, b.v6) })
}
