package enginetest

import (
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"ringstack/secondary/engine"
)

const (
	testPort = 7
	mtu      = 1500
	patience = 10 * time.Second // what no passing test comes near
)

// host is an engine with a loop and one port, whose cable ends at peer.
type host struct {
	engine.Engine
	t      testing.TB
	v4, v6 netip.Addr
	mac    [6]byte
	port   engine.Port // as it was last attached
	peer   *host
	work   chan func()
	wake   chan struct{}
	stop   chan struct{}
	done   chan struct{}

	// Of the loop.
	frame    []byte
	filter   func(frame []byte) bool // false drops an outgoing frame
	blocked  bool                    // the port has no buffers
	impaired *impaired               // nil: the cable is good

	mu    sync.Mutex
	inbox [][]byte
}

func newHost(t testing.TB, open Open, id byte) *host {
	h := &host{
		t:    t,
		v4:   netip.AddrFrom4([4]byte{10, 0, 0, id}),
		v6:   netip.AddrFrom16([16]byte{0: 0xfd, 15: id}),
		mac:  [6]byte{2, 0, 0, 0, 0, id},
		work: make(chan func()),
		wake: make(chan struct{}, 1),
		stop: make(chan struct{}),
		done: make(chan struct{}),
	}
	h.port = engine.Port{
		ID:     testPort,
		Name:   "eth0",
		MAC:    h.mac,
		MTU:    mtu,
		Addrs:  []netip.Prefix{netip.PrefixFrom(h.v4, 24), netip.PrefixFrom(h.v6, 64)},
		Gates:  []netip.Addr{netip.MustParseAddr("10.0.0.254"), netip.MustParseAddr("fd00::fe")},
		Device: h,
	}
	e, err := open([]engine.Port{h.port})
	if err != nil {
		t.Fatal(err)
	}
	h.Engine = e
	return h
}

// newPair returns two hosts on one cable, with their loops running until the test ends.
func newPair(t testing.TB, open Open) (a, b *host) {
	t.Helper()
	a, b = newHost(t, open, 1), newHost(t, open, 2)
	t.Cleanup(start(a, b))
	return a, b
}

// start lays the cable and runs the loops until stop.
func start(a, b *host) (stop func()) {
	a.peer, b.peer = b, a
	for _, h := range []*host{a, b} {
		go h.loop()
	}
	return func() {
		a.halt()
		b.halt()
		a.Close()
		b.Close()
	}
}

func (h *host) loop() {
	defer close(h.done)
	for {
		for _, frame := range h.received() {
			h.Input(testPort, frame)
		}
		var due <-chan time.Time
		if next := h.Poll(time.Now()); !next.IsZero() {
			due = time.After(time.Until(next))
		}
		select {
		case <-h.wake:
		case <-due:
		case f := <-h.work:
			f()
		case <-h.stop:
			return
		}
	}
}

// halt ends the loop.
func (h *host) halt() {
	select {
	case <-h.stop:
	default:
		close(h.stop)
	}
	<-h.done
}

// errOver is why the engines of a test end.
var errOver = errors.New("the test is over")

// Close ends the engine.
func (h *host) Close() { h.Engine.Close(errOver) }

// do runs f in the loop.
func (h *host) do(f func()) {
	h.t.Helper()
	ran := make(chan struct{})
	select {
	case h.work <- func() { f(); close(ran) }:
		<-ran
	case <-time.After(patience):
		h.t.Fatal("the loop is stuck")
	}
}

func (h *host) received() [][]byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	frames := h.inbox
	h.inbox = nil
	return frames
}

// deliver is what the cable does with a frame for h.
func (h *host) deliver(frame []byte) {
	h.mu.Lock()
	h.inbox = append(h.inbox, frame)
	h.mu.Unlock()
	h.Wake()
}

// Frame implements engine.Device.
func (h *host) Frame(n int) []byte {
	if n > mtu+14 {
		h.t.Errorf("frame of %d bytes", n)
	}
	if h.blocked {
		return nil
	}
	h.frame = make([]byte, n)
	return h.frame
}

// Send implements engine.Device.
func (h *host) Send() {
	switch {
	case h.filter != nil && !h.filter(h.frame):
	case h.impaired != nil:
		h.impaired.carry(h.frame, h.peer)
	default:
		h.peer.deliver(h.frame)
	}
}

// Wake implements engine.Device.
func (h *host) Wake() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// sysctl returns a value, read in the loop.
func (h *host) sysctl(name string) string {
	h.t.Helper()
	var value string
	var err error
	h.do(func() { value, err = h.SysctlGet(name) })
	if err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
	return value
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// families runs a test once with the IPv4 and once with the IPv6 address of b.
func families(t *testing.T, open Open, test func(t *testing.T, a, b *host, ip netip.Addr)) {
	for name, ip := range map[string]func(*host) netip.Addr{
		"IPv4": func(h *host) netip.Addr { return h.v4 },
		"IPv6": func(h *host) netip.Addr { return h.v6 },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := newPair(t, open)
			test(t, a, b, ip(b))
		})
	}
}
