package stack

import (
	"time"

	"ringstack/stack/wire"
)

// packet is the IP packet that is being received.
type packet struct {
	b         []byte // from the IP header on, cut to its length
	port      *port  // nil for a packet to ourselves
	src, dst  wire.Addr
	l4        int // offset of the transport header
	nextAt    int // offset of the byte that names the transport protocol
	proto     uint8
	ttl       uint8
	tos       uint8
	loop      bool // we sent it
	linkCast  bool // the frame was to a group
	group     bool // the packet is to a group or broadcast
	tentative bool // the destination is not ours yet
	whole     bool // it was put together from fragments, or is an atomic one
}

func (p *packet) payload() []byte { return p.b[p.l4:] }

// Input takes a received Ethernet frame. The slice is read during the call only.
func (e *Engine) Input(port int, frame []byte, now time.Duration) {
	e.now = now
	e.stats[EtherIn]++
	if port < 0 || port >= len(e.ports) {
		e.stats[EtherNoPort]++
		return
	}
	p := &e.ports[port]
	h, ok := wire.ParseEthernet(frame)
	switch {
	case !ok:
		e.stats[EtherRunt]++
		return
	case h.VLAN != p.config.VLAN:
		e.stats[EtherVLAN]++
		return
	case h.Dst != p.config.MAC && !h.Dst.IsGroup():
		e.stats[EtherOtherHost]++
		return
	case h.Src.IsGroup():
		e.stats[EtherBadSource]++
		return
	}
	b := frame[h.HeaderLen:]
	switch h.Type {
	case wire.EtherTypeIPv4:
		e.in = packet{b: b, port: p, linkCast: h.Dst.IsGroup()}
		e.ipv4Input()
	case wire.EtherTypeIPv6:
		e.in = packet{b: b, port: p, linkCast: h.Dst.IsGroup()}
		e.ipv6Input()
	case wire.EtherTypeARP:
		e.arpInput(p, b)
	default:
		e.stats[EtherType]++
	}
}
