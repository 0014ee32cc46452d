package stack

import (
	"encoding/binary"

	"ringstack/stack/wire"
)

// identities is how many counters the IDs of fragmented packets come from.
const identities = 1024

// nextID returns the identification for a fragmented packet: counters chosen by a keyed hash of the two ends, so
// that nobody learns from one flow about another (RFC 7739 section 5.3).
func (e *Engine) nextID(src, dst *wire.Addr, proto uint8) uint32 {
	w := func(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
	hash := e.key.Words5(w(src[:]), w(src[8:]), w(dst[:]), w(dst[8:]), uint64(proto)|1<<8)
	id := &e.ids[hash%identities]
	*id++
	return *id + uint32(hash>>32)
}

// sendPieces cuts the packet that open began into fragments (RFC 791 section 3.2, RFC 8200 section 4.5).
func (e *Engine) sendPieces(h *ipHeader) {
	o := &e.out
	payload, header := o.frame[o.header:], o.header
	if !h.dst.Is4() {
		header += wire.FragmentLen
	}
	o.header = header
	room := (o.mtu - header) &^ 7
	id := e.nextID(&h.src, &h.dst, h.proto)
	e.stats[IPFragmentedOut]++
	for at := 0; at < len(payload); at += room {
		piece := payload[at:min(at+room, len(payload))]
		b := e.openFrame(len(piece))
		if b == nil {
			e.stats[NoBuffer]++
			return
		}
		copy(b, piece)
		e.putFragment(h, at, at+len(piece) < len(payload), id, len(piece))
		e.stats[IPFragmentsOut]++
		e.sendFrame(h.dst.Is4())
	}
}

func (e *Engine) putFragment(h *ipHeader, at int, more bool, id uint32, n int) {
	b := e.out.frame[e.out.port.etherLen:]
	if h.dst.Is4() {
		wire.PutIPv4(b, &wire.IPv4{
			Src: h.src, Dst: h.dst, Proto: h.proto, TTL: h.ttl, TOS: h.tos,
			ID: uint16(id), MF: more, FragOffset: at, TotalLen: wire.IPv4Len + n,
		})
		return
	}
	wire.PutIPv6(b, &wire.IPv6{
		Src: h.src, Dst: h.dst, Next: wire.ProtoFragment, HopLimit: h.ttl, TrafficClass: h.tos, PayloadLen: wire.FragmentLen + n,
	})
	wire.PutIPv6Fragment(b[wire.IPv6Len:], &wire.IPv6Fragment{Next: h.proto, Offset: at, More: more, ID: id})
}
