package dispatch

import (
	"encoding/binary"
	"net/netip"
)

var (
	ourMAC  = [6]byte{2, 0, 0, 0, 0, 1}
	peerMAC = [6]byte{2, 0, 0, 0, 0, 2}
)

const (
	us4   = "192.0.2.1"
	peer4 = "198.51.100.7"
	us6   = "2001:db8::1"
	peer6 = "2001:db8:1::7"
)

func cat(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func be16(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }

func ether(etherType int, payload []byte) []byte {
	return cat(ourMAC[:], peerMAC[:], be16(etherType), payload)
}

func tagged(tci, etherType int, payload []byte) []byte {
	return ether(EtherTypeVLAN, cat(be16(tci), be16(etherType), payload))
}

// ip4 is an IPv4 header to build on; zero fields get the usual values.
type ip4 struct {
	src, dst string
	proto    uint8
	id       int
	frag     int // flags and offset field
	options  []byte
}

func (h ip4) packet(payload []byte) []byte {
	src, dst := netip.MustParseAddr(or(h.src, peer4)), netip.MustParseAddr(or(h.dst, us4))
	n := ipv4MinLen + len(h.options)
	b := cat([]byte{byte(0x40 | n/4), 0}, be16(n+len(payload)), be16(h.id), be16(h.frag), []byte{64, h.proto, 0, 0},
		src.AsSlice(), dst.AsSlice(), h.options)
	fixChecksum(b)
	return append(b, payload...)
}

func (h ip4) frame(payload []byte) []byte { return ether(EtherTypeIPv4, h.packet(payload)) }

// fixChecksum sets the checksum of the IPv4 header at the start of b, cut short or not.
func fixChecksum(b []byte) {
	b[10], b[11] = 0, 0
	var sum uint32
	for i := 0; i < min(int(b[0]&0xf)*4, len(b)); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum))
}

// ip6 is an IPv6 header to build on. ext are whole extension headers, next the
// type of the first thing in them.
type ip6 struct {
	src, dst string
	next     uint8
	ext      []byte
}

func (h ip6) packet(payload []byte) []byte {
	src, dst := netip.MustParseAddr(or(h.src, peer6)), netip.MustParseAddr(or(h.dst, us6))
	return cat([]byte{0x60, 0, 0, 0}, be16(len(h.ext)+len(payload)), []byte{h.next, 64}, src.AsSlice(), dst.AsSlice(),
		h.ext, payload)
}

func (h ip6) frame(payload []byte) []byte { return ether(EtherTypeIPv6, h.packet(payload)) }

func ext8(next uint8) []byte { return []byte{next, 0, 1, 4, 0, 0, 0, 0} }

func fragExt(next uint8, offset int, more bool, id uint32) []byte {
	field := offset
	if more {
		field |= 1
	}
	return binary.BigEndian.AppendUint32(cat([]byte{next, 0}, be16(field)), id)
}

func tcpSegment(src, dst int, flags uint8) []byte {
	return cat(be16(src), be16(dst), make([]byte, 8), []byte{0x50, flags}, make([]byte, 6))
}

func udpDatagram(src, dst int, data []byte) []byte {
	return cat(be16(src), be16(dst), be16(udpLen+len(data)), be16(0), data)
}

func icmpMessage(kind uint8, body []byte) []byte {
	return cat([]byte{kind, 0, 0, 0, 0, 0, 0, 0}, body)
}

func arpMessage(op int) []byte {
	return cat(be16(1), be16(EtherTypeIPv4), []byte{6, 4}, be16(op), make([]byte, 20))
}

// tcp4 is a TCP frame from peer port src to our port dst.
func tcp4(src, dst int, flags uint8) []byte {
	return ip4{proto: ProtoTCP}.frame(tcpSegment(src, dst, flags))
}

func udp4(src, dst int) []byte {
	return ip4{proto: ProtoUDP}.frame(udpDatagram(src, dst, []byte("data")))
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// addr is the Flow form of an address.
func addr(s string) [16]byte { return netip.MustParseAddr(s).As16() }

// edit returns a copy of b with the given bytes at offset at.
func edit(b []byte, at int, bytes ...byte) []byte {
	b = cat(b)
	copy(b[at:], bytes)
	return b
}
