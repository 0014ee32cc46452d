package native

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"time"

	"ringstack/secondary/engine"
	"ringstack/stack"
	"ringstack/stack/tcp"
	"ringstack/stack/wheel"
)

// host is an engine.Engine. Its fields belong to the loop, but for start and what follows sysctls.
type host struct {
	stack  *stack.Engine
	tcp    *tcp.Transport
	ports  []*port
	ipv6   bool
	start  time.Time
	now    time.Duration // since start, as the stack knows it
	polled bool          // the clock was not read since the last Poll

	detached bool // see Detach

	streams    table[stream] // by tcp.ID; without those that the application has closed
	listeners  map[tcp.ID]acceptor
	sockets    table[socket] // by stack.SocketID
	timers     *wheel.Wheel  // of eventConns, by slot + 1
	unsent     []*udpConn    // found no buffer
	datagram   stack.Datagram
	payload    []byte // of datagram
	wakes      []waiter
	notices    []notice
	yielding   yielding
	settings   settings
	fullSock   uint64 // datagrams that found their socket's buffer full
	unsendable uint64 // datagrams that the stack could not take
	sysctls    map[string]sysctl

	buffered atomic.Int64 // bytes in queues of all sockets
	requests requests
	ended    chan struct{} // closed by Close
}

// New returns an engine that has the given ports. IPv6 is on when one of them has an IPv6
// address; each port then has a link-local address made from its MAC (RFC 4291 appendix A) too.
func New(ports []engine.Port) (engine.Engine, error) {
	h := &host{
		start: time.Now(), ended: make(chan struct{}), settings: defaultSettings, ipv6: hasIPv6(ports),
		listeners: make(map[tcp.ID]acceptor), timers: wheel.New(time.Millisecond), yielding: newYielding(),
	}
	var err error
	if h.stack, err = stack.New(h.config(ports), h); err != nil {
		return nil, err
	}
	h.tcp = h.stack.TCP()
	if len(h.ports) > 0 {
		h.requests.wake = h.ports[0].Wake
	}
	for i, p := range ports {
		if err := h.addAddresses(i, p); err != nil {
			return nil, fmt.Errorf("add port %s: %w", p.Name, err)
		}
	}
	h.sysctls = h.newSysctls()
	return h, nil
}

func hasIPv6(ports []engine.Port) bool {
	for _, port := range ports {
		for _, addr := range port.Addrs {
			if !addr.Addr().Unmap().Is4() {
				return true
			}
		}
	}
	return false
}

func (h *host) config(ports []engine.Port) stack.Config {
	config := stack.Config{
		// All engines of a port have its addresses and MAC. Each may answer: the Device lets only the leader's answers pass.
		Leader: func() bool { return true },
		TTL:    defaultTTL,
		TCP: tcp.Config{
			SendBuf: defaultSettings.sendSpace, RecvBuf: defaultSettings.recvSpace, MaxSendBuf: maxSpace, MaxRecvBuf: maxSpace,
		},
	}
	rand.Read(config.Seed[:]) // never fails
	for _, p := range ports {
		own := &port{Device: p.Device, id: p.ID, config: p}
		h.ports = append(h.ports, own)
		config.Ports = append(config.Ports, stack.Port{Name: p.Name, MAC: p.MAC, MTU: p.MTU, LinkLocal: h.ipv6, Device: own})
	}
	return config
}

func (h *host) addAddresses(i int, p engine.Port) error {
	for _, addr := range p.Addrs {
		if errno := h.stack.AddAddress(i, addr, false); errno != 0 {
			return fmt.Errorf("add address %s: %w", addr, errno)
		}
	}
	for _, gate := range p.Gates {
		if errno := h.stack.AddRoute(defaultRoute(gate, i)); errno != 0 {
			return fmt.Errorf("add gateway %s: %w", gate, errno)
		}
	}
	return nil
}

// Dropped implements engine.Engine. Segments without a buffer wait in their connection: only datagrams are ever given up.
func (h *host) Dropped() uint64 { return h.unsendable }

// Flows implements engine.Engine. It names connections from SYN-SENT and SYN-RECEIVED to TIME-WAIT. A
// handshake answered with a SYN cookie has no state and is not among them.
func (h *host) Flows(yield func(engine.Flow)) {
	h.tcp.Flows(func(f *tcp.Flow) {
		yield(engine.Flow{Local: f.Local, Remote: f.Remote, LocalPort: f.LocalPort, RemotePort: f.RemotePort, State: flowState(f)})
	})
}

func flowState(f *tcp.Flow) engine.FlowState {
	switch {
	case f.State == tcp.SynRcvd:
		return engine.FlowHalfOpen
	case f.NotTaken:
		return engine.FlowComing
	case f.State == tcp.FinWait2 && f.Closed:
		return engine.FlowClosed
	case f.State == tcp.TimeWait:
		return engine.FlowWaiting
	}
	return engine.FlowOpen
}

// Close implements engine.Engine. It uses no Device, so connections end without a RST.
func (h *host) Close(why error) {
	if !h.requests.close(why) {
		return
	}
	close(h.ended)
	h.streams.each(stream.abandon)
	for _, l := range h.listeners {
		l.abandon()
	}
	h.sockets.each(socket.abandon)
	h.wakeAll()
	h.tellReady()
}
