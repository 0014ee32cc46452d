package stack

import (
	"encoding/binary"
	"syscall"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// TCP returns the engine's TCP. What its calls want to send leaves with the next Poll.
func (e *Engine) TCP() *tcp.Transport { return e.tcp }

func (e *Engine) tcpInput() {
	in := &e.in
	if in.group || in.linkCast {
		e.stats[IPBadDestination]++ // RFC 9293 section 3.9.2.3
		return
	}
	e.segment = tcp.Packet{
		Local: in.dst, Remote: in.src, Segment: in.payload(), ECN: in.tos & wire.ECNMask,
		Checked: in.loop, // it has not left this process
	}
	e.tcp.Input(&e.segment, e.now)
}

// tcpNet is the engine as TCP sees it: a tcp.Net.
type tcpNet struct{ e *Engine }

// Route implements tcp.Net. The local address is one of ours, the way leads to one host.
func (n tcpNet) Route(local, remote wire.Addr) (r tcp.Route, ok bool) {
	if own := n.e.addresses.find(&local); !local.IsUnspecified() && !local.IsLoopback() && (own == nil || own.kind != unicast) {
		return r, false
	}
	if local.IsUnspecified() {
		local = wire.Addr{}
	}
	p, ok := n.e.findPath(&local, &remote, anyPort)
	if !ok || n.e.hops.list[p.Path&(maxHops-1)].kind == hopGroup {
		return r, false
	}
	p.MTU, p.TTL = int32(n.e.pathMTU(&p)), 0
	return tcp.Route(p), true
}

// Segment implements tcp.Net.
func (n tcpNet) Segment(r *tcp.Route, size int) []byte { return n.e.tryOpen((*path)(r), size, false) }

// Send implements tcp.Net.
func (n tcpNet) Send(r *tcp.Route, payloadSum uint32, ecn uint8) {
	e := n.e
	b := e.out.payload
	header := int(b[12]>>4) * 4
	sum := wire.Sum(b[:header], wire.PseudoSum(&r.Local, &r.Remote, wire.ProtoTCP, len(b)))
	binary.BigEndian.PutUint16(b[16:], ^wire.Fold(wire.Join(sum, header, payloadSum)))
	ttl := r.TTL
	if ttl == 0 {
		ttl = e.ttl(e.out.hop, &r.Remote)
	}
	e.send(&ipHeader{src: r.Local, dst: r.Remote, proto: wire.ProtoTCP, ttl: ttl, tos: r.TOS | ecn})
}

// PathMTU implements tcp.Net. A call from inside Unreachable means that the message which tooBig holds
// quotes a segment that is in flight: only then is it believed (RFC 5927 section 7.2).
func (n tcpNet) PathMTU(r *tcp.Route) int {
	e, p := n.e, (*path)(r)
	if claim := &e.tooBig; claim.mtu != 0 && claim.remote == r.Remote {
		e.reducePathMTU(p, claim.mtu)
	}
	if h := e.hopOf(p); h != nil && h.kind != hopLoop {
		fresh := *p
		fresh.MTU = int32(e.ports[h.port].mtu(r.Remote.Is4()))
		return e.pathMTU(&fresh)
	}
	return int(p.MTU)
}

// Confirm implements tcp.Net.
func (n tcpNet) Confirm(r *tcp.Route) {
	if h := n.e.hopOf((*path)(r)); h != nil && h.kind == hopNeighbour {
		n.e.neighbours.Confirm(h.ref, n.e.now)
	}
}

// mtuClaim is a too-big message that has not been checked.
type mtuClaim struct {
	remote wire.Addr
	mtu    int
}

// tcpFailure hands an ICMP error to TCP, which finds out whether it is about a segment in flight.
func (e *Engine) tcpFailure(f *icmpFailure) {
	q := &f.quote
	e.tooBig = mtuClaim{q.Dst, f.mtu}
	e.tcpError = tcp.ICMPError{
		Local: q.Src, Remote: q.Dst, LocalPort: q.SrcPort, RemotePort: q.DstPort, Seq: q.Seq, Err: f.err, MTU: f.mtu,
		Hard: f.local || f.err == syscall.ECONNREFUSED || f.err == syscall.ENOPROTOOPT,
	}
	e.tcp.Unreachable(&e.tcpError, e.now)
	e.tooBig = mtuClaim{}
}
