package enginetest

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"ringstack/secondary/engine"
)

// Wire joins two engines for measurements: one goroutine drives both and allocates nothing.
type Wire struct {
	Client, Server engine.Engine
	Cut            atomic.Bool // frames are lost
	ends           [2]*wireEnd
	stop           atomic.Bool
	done           chan struct{}
}

// Addr is the server's IPv4 address with a port.
func (w *Wire) Addr(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 2}), port)
}

// NewWire joins two engines and drives them until the test's end.
func NewWire(tb testing.TB, open Open) *Wire {
	w := &Wire{done: make(chan struct{})}
	for i := range w.ends {
		end := newWireEnd()
		w.ends[i] = end
		id := byte(i + 1)
		e, err := open([]engine.Port{{
			Name: "eth0", MAC: [6]byte{2, 0, 0, 0, 0, id}, MTU: mtu, Device: end,
			Addrs: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, id}), 24)},
		}})
		if err != nil {
			tb.Fatal(err)
		}
		end.engine = e
	}
	w.Client, w.Server = w.ends[0].engine, w.ends[1].engine
	w.ends[0].peer, w.ends[1].peer = w.ends[1], w.ends[0]
	go w.run()
	tb.Cleanup(func() {
		w.stop.Store(true)
		<-w.done
		w.Client.Close()
		w.Server.Close()
	})
	return w
}

func (w *Wire) run() {
	defer close(w.done)
	for !w.stop.Load() {
		now := time.Now()
		busy := false
		for _, end := range w.ends {
			busy = end.turn(now, w.Cut.Load()) || busy
		}
		if !busy {
			runtime.Gosched()
		}
	}
}

// wireEnd is a Device and the frames that have come for it.
type wireEnd struct {
	engine engine.Engine
	peer   *wireEnd
	inbox  [][]byte
	spare  [][]byte
	frame  []byte
	woken  atomic.Bool
}

// wireDepth is how many frames a wire holds in each direction.
const wireDepth = 1024

func newWireEnd() *wireEnd {
	e := &wireEnd{}
	for range wireDepth {
		e.spare = append(e.spare, make([]byte, mtu+etherLen))
	}
	return e
}

func (e *wireEnd) turn(now time.Time, cut bool) bool {
	busy := e.woken.Swap(false)
	for _, f := range e.inbox {
		if !cut {
			e.engine.Input(0, f)
		}
		e.peer.spare = append(e.peer.spare, f[:cap(f)])
	}
	busy = busy || len(e.inbox) > 0
	e.inbox = e.inbox[:0]
	e.engine.Poll(now)
	return busy
}

// Frame implements engine.Device.
func (e *wireEnd) Frame(n int) []byte {
	if len(e.spare) == 0 {
		return nil
	}
	e.frame = e.spare[len(e.spare)-1][:n]
	return e.frame
}

// Send implements engine.Device.
func (e *wireEnd) Send() {
	e.spare = e.spare[:len(e.spare)-1]
	e.peer.inbox = append(e.peer.inbox, e.frame)
}

// Wake implements engine.Device.
func (e *wireEnd) Wake() { e.woken.Store(true) }

// Connect opens n connections and returns both ends of each.
func (w *Wire) Connect(tb testing.TB, n int) (clients, servers []net.Conn) {
	l, err := w.Server.ListenTCP(w.Addr(80))
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	for range n {
		c, err := w.Client.DialTCP(context.Background(), netip.AddrPort{}, w.Addr(80))
		if err != nil {
			tb.Fatal(err)
		}
		s, err := l.Accept()
		if err != nil {
			tb.Fatal(err)
		}
		clients, servers = append(clients, c), append(servers, s)
	}
	return clients, servers
}
