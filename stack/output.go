package stack

import (
	"ringstack/stack/neigh"
	"ringstack/stack/wire"
)

// output is the packet that open has begun and send will finish.
type output struct {
	way     outputWay
	port    *port
	mac     wire.MAC
	ref     neigh.Ref
	hop     *hop
	frame   []byte // Ethernet header first; of a loop packet and a datagram to be fragmented the IP header
	payload []byte // what open returned
	header  int    // bytes of the IP header
	mtu     int
}

type outputWay uint8

const (
	toDevice outputWay = iota // the frame is the device's buffer
	toQueue                   // it waits for its neighbour's address
	toLoop                    // it goes to ourselves
	toPieces                  // it is longer than the MTU
	nowhere                   // there is no route
)

// ipHeader is what a sender says of a packet.
type ipHeader struct {
	src, dst wire.Addr
	proto    uint8
	ttl      uint8
	tos      uint8
	alert    bool // router alert option, IPv4
}

// open returns n bytes of room for an IP payload on a path, nil when there is no buffer or no route: the packet is then given up. Payloads
// beyond the path's MTU are cut into fragments by send. Nothing else is to be sent before send or the next open.
func (e *Engine) open(p *path, n int) []byte {
	b := e.tryOpen(p, n, true)
	if b == nil && e.out.way == toDevice {
		e.stats[NoBuffer]++
	}
	return b
}

// tryOpen is open for a sender that keeps what it wants to send. With cut unset it cuts its data itself and wants to hear when
// it is too big for the path: only the port's own MTU counts.
func (e *Engine) tryOpen(p *path, n int, cut bool) []byte {
	o := &e.out
	h := e.hopOf(p)
	if h == nil {
		o.way = nowhere
		e.stats[IPNoRoute]++
		return nil
	}
	o.hop, o.header = h, wire.IPv6Len
	if p.Remote.Is4() {
		o.header = wire.IPv4Len
	}
	if h.kind == hopLoop {
		o.payload = e.openLoop(n)
		return o.payload
	}
	o.port = &e.ports[h.port]
	o.mtu = o.port.mtu(p.Remote.Is4())
	if cut {
		o.mtu = e.pathMTU(p)
	}
	if o.header+n > o.mtu {
		o.way = toPieces
		o.frame = e.whole[:o.header+n]
		o.payload = o.frame[o.header:]
	} else {
		o.payload = e.openFrame(n)
	}
	return o.payload
}

// ttl is the hop limit of what goes to a hop: the router's wish (RFC 4861 section 6.3.4), else the configured one.
func (e *Engine) ttl(h *hop, remote *wire.Addr) uint8 {
	if h.kind != hopLoop && !remote.Is4() && e.ports[h.port].hopLimit != 0 {
		return e.ports[h.port].hopLimit
	}
	return e.config.TTL
}

// openFrame goes on where the packet fits into one frame.
func (e *Engine) openFrame(n int) []byte {
	o := &e.out
	size := o.port.etherLen + o.header + n
	if !e.resolve() {
		o.way, o.frame = toQueue, e.held[:size]
		return o.frame[size-n:]
	}
	if o.way, o.frame = toDevice, e.buffer(o.port, size); o.frame == nil {
		return nil
	}
	return o.frame[size-n:]
}

// buffer returns room for a frame, nil when the device has none. A sender that does not keep what it wanted to send counts it as NoBuffer.
func (e *Engine) buffer(p *port, size int) []byte {
	b := p.config.Device.Frame(size)
	e.starved = e.starved || b == nil
	return b
}

// resolve finds the Ethernet address to send to; false: it is being asked for.
func (e *Engine) resolve() bool {
	o := &e.out
	h := o.hop
	if h.kind == hopGroup {
		o.mac = h.mac
		return true
	}
	if !e.neighbours.Alive(h.ref) {
		port, addr := h.port, h.addr
		ref := e.neighbours.Open(int(port), &addr, e.now)
		h.ref = ref
	}
	o.ref = h.ref
	mac, ok := e.neighbours.MAC(h.ref, e.now)
	if ok {
		o.mac = *mac
	}
	return ok
}

// openLink is open for a packet to one station or group of a port's link, without a route.
func (e *Engine) openLink(p *port, mac *wire.MAC, header, n int) []byte {
	o := &e.out
	o.port, o.mac, o.header = p, *mac, header
	o.way = toDevice
	size := p.etherLen + header + n
	if o.frame = e.buffer(p, size); o.frame == nil {
		e.stats[NoBuffer]++
		return nil
	}
	return o.frame[size-n:]
}

// send finishes the packet that open began: its payload is written.
func (e *Engine) send(h *ipHeader) {
	o := &e.out
	e.stats[IPOut]++
	switch o.way {
	case toLoop:
		e.putIP(o.frame, h, 0)
		e.loop.commit()
	case toPieces:
		e.sendPieces(h)
	default:
		e.putIP(o.frame[o.port.etherLen:], h, 0)
		e.sendFrame(h.dst.Is4())
	}
}

// putIP writes the header of a whole packet, which may be part of a path MTU discovery.
func (e *Engine) putIP(b []byte, h *ipHeader, id uint16) {
	if h.dst.Is4() {
		wire.PutIPv4(b, &wire.IPv4{
			Src: h.src, Dst: h.dst, Proto: h.proto, TTL: h.ttl, TOS: h.tos, RouterAlert: h.alert,
			DF: true, ID: id, TotalLen: len(b), // atomic: the ID says nothing (RFC 6864 section 4.1)
		})
		return
	}
	wire.PutIPv6(b, &wire.IPv6{Src: h.src, Dst: h.dst, Next: h.proto, HopLimit: h.ttl, TrafficClass: h.tos, PayloadLen: len(b) - wire.IPv6Len})
}

// sendFrame writes the Ethernet header and lets the frame go, or keeps it until its neighbour answers.
func (e *Engine) sendFrame(is4 bool) {
	o := &e.out
	kind := wire.EtherTypeIPv6
	if is4 {
		kind = wire.EtherTypeIPv4
	}
	wire.PutEthernet(o.frame, &wire.Ethernet{Dst: o.mac, Src: o.port.config.MAC, Type: kind, VLAN: o.port.config.VLAN})
	if o.way == toQueue {
		e.neighbours.Queue(o.ref, o.frame, e.now)
		return
	}
	e.stats[EtherOut]++
	o.port.config.Device.Send()
}
