package gvisor

import (
	"sync"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"ringstack/secondary/engine"
)

// queueLimit bounds the frames that wait for Poll, and again those that Poll has taken and not sent yet.
const queueLimit = 4096

// link is a port as netstack sees it: a stack.LinkEndpoint with Ethernet framing and no offloads.
type link struct {
	id         int // of the port
	device     engine.Device
	dispatcher stack.NetworkDispatcher // set before the first Input, cleared by Close

	// Of the loop.
	sending   []*stack.PacketBuffer // taken from queue; those before next are sent
	next      int
	runts     uint64 // frames without a whole Ethernet header
	otherHost uint64 // frames to another unicast address

	port atomic.Pointer[engine.Port]

	mu       sync.Mutex
	queue    []*stack.PacketBuffer
	drops    uint64 // frames that found the queue full, or no Device
	detached bool   // see engine.Engine
	closed   bool
}

// input gives a received frame to the stack.
func (l *link) input(frame []byte) {
	if len(frame) < header.EthernetMinimumSize {
		l.runts++
		return
	}
	kind := l.classify(header.Ethernet(frame).DestinationAddress())
	if kind == tcpip.PacketOtherHost {
		l.otherHost++
		return
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
	defer pkt.DecRef()
	l.ParseHeader(pkt)
	pkt.PktType = kind
	l.dispatcher.DeliverNetworkPacket(header.Ethernet(frame).Type(), pkt)
}

func (l *link) classify(dst tcpip.LinkAddress) tcpip.PacketType {
	switch {
	case dst == l.LinkAddress():
		return tcpip.PacketHost
	case dst == header.EthernetBroadcastAddress:
		return tcpip.PacketBroadcast
	case header.IsMulticastEthernetAddress(dst):
		return tcpip.PacketMulticast
	}
	return tcpip.PacketOtherHost
}

// flush sends what is queued and reports whether the Device took everything.
func (l *link) flush() bool {
	return l.sendBatch() && (!l.take() || l.sendBatch())
}

func (l *link) sendBatch() bool {
	for ; l.next < len(l.sending); l.next++ {
		pkt := l.sending[l.next]
		if !l.send(pkt) {
			return false
		}
		pkt.DecRef()
	}
	return true
}

// take replaces the sent batch by the queue and reports whether there is anything to send.
func (l *link) take() bool {
	clear(l.sending)
	l.next = 0
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sending, l.queue = l.queue, l.sending[:0]
	return len(l.sending) > 0
}

func (l *link) send(pkt *stack.PacketBuffer) bool {
	frame := l.device.Frame(pkt.Size())
	if frame == nil {
		return false
	}
	n := 0
	for _, part := range pkt.AsSlices() {
		n += copy(frame[n:], part)
	}
	l.device.Send()
	return true
}

// WritePackets implements stack.LinkWriter. Any goroutine may call it.
func (l *link) WritePackets(pkts stack.PacketBufferList) (int, tcpip.Error) {
	list := pkts.AsSlice()
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return 0, &tcpip.ErrClosedForSend{}
	}
	wasEmpty := len(l.queue) == 0
	n := min(len(list), queueLimit-len(l.queue))
	if l.detached {
		n = 0
	}
	for _, pkt := range list[:n] {
		l.queue = append(l.queue, pkt.IncRef())
	}
	l.drops += uint64(len(list) - n)
	l.mu.Unlock()
	if wasEmpty && n > 0 {
		l.device.Wake()
	}
	if n < len(list) {
		return n, &tcpip.ErrNoBufferSpace{}
	}
	return n, nil
}

// Close implements stack.LinkEndpoint: it frees what is queued.
func (l *link) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, pkt := range append(l.sending[l.next:], l.queue...) {
		pkt.DecRef()
	}
	l.sending, l.next, l.queue = nil, 0, nil
}

func (l *link) outputDrops() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.drops
}
