package e2e

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"ringstack/internal/testenv"
)

// The kernel at the other end.
var (
	peer4 = netip.MustParseAddr(testenv.Peer4)
	peer6 = netip.MustParseAddr(testenv.Peer6)
)

// ipPacket is a packet of either version to be sent in fragments.
type ipPacket struct {
	src, dst netip.Addr
	proto    byte
	payload  []byte
}

// fragments returns frames with n bytes of the payload each.
func (f forger) fragments(p ipPacket, n int, id uint32) (frames [][]byte) {
	for at := 0; at < len(p.payload); at += n {
		end := min(at+n, len(p.payload))
		frames = append(frames, f.piece(p, at, end, id))
	}
	return frames
}

// piece returns the fragment with the payload from at to end.
func (f forger) piece(p ipPacket, at, end int, id uint32) []byte {
	if p.dst.Is4() {
		field := uint16(at / 8)
		if end < len(p.payload) {
			field |= 0x2000
		}
		return spoilt4(f.ip4(p.proto, p.payload[at:end]), func(b []byte) {
			binary.BigEndian.PutUint16(b[atIP+4:], uint16(id))
			binary.BigEndian.PutUint16(b[atIP+6:], field)
			copy(b[atIP+12:], p.src.AsSlice())
			copy(b[atIP+16:], p.dst.AsSlice())
		})
	}
	field := uint16(at)
	if end < len(p.payload) {
		field |= 1
	}
	header := binary.BigEndian.AppendUint32([]byte{p.proto, 0, byte(field >> 8), byte(field)}, id)
	return spoilt(f.ip6(44, append(header, p.payload[at:end]...)), func(b []byte) {
		copy(b[atIP+8:], p.src.AsSlice())
		copy(b[atIP+24:], p.dst.AsSlice())
	})
}

// udpBetween is a UDP datagram with a checksum.
func udpBetween(src netip.Addr, srcPort uint16, dst netip.Addr, dstPort uint16, data []byte) ipPacket {
	b := binary.BigEndian.AppendUint16(nil, srcPort)
	b = binary.BigEndian.AppendUint16(b, dstPort)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(data)))
	b = append(append(b, 0, 0), data...)
	sum := ^add(pseudo(src, dst, 17, len(b)), b)
	if sum == 0 {
		sum = 0xffff // 0 stands for none (RFC 768)
	}
	binary.BigEndian.PutUint16(b[6:], sum)
	return ipPacket{src, dst, 17, b}
}

// pseudo is the sum of the pseudo header of either version.
func pseudo(src, dst netip.Addr, proto byte, n int) uint32 {
	sum := uint32(proto) + uint32(n)
	return uint32(add(uint32(add(sum, src.AsSlice())), dst.AsSlice()))
}

// echo4 and echo6 are echo requests.
func echo4(data []byte) []byte {
	b := append([]byte{8, 0, 0, 0, 0x72, 0x73, 0, 1}, data...)
	binary.BigEndian.PutUint16(b[2:], ^add(0, b))
	return b
}

func echo6(src, dst netip.Addr, data []byte) []byte {
	b := append([]byte{128, 0, 0, 0, 0x72, 0x73, 0, 1}, data...)
	binary.BigEndian.PutUint16(b[2:], ^add(pseudo(src, dst, 58, len(b)), b))
	return b
}

// isEchoReply reports the first fragment of the reply to p.
func isEchoReply(frame []byte, p ipPacket) bool {
	at, src, kind := at4, atIP+12, byte(0)
	if p.dst.Is6() {
		at, src, kind = at6+8, atIP+8, 129
	}
	return len(frame) >= at+8 && frame[at] == kind &&
		bytes.HasPrefix(frame[src:], p.dst.AsSlice()) && bytes.Equal(frame[at+4:at+8], p.payload[4:8])
}

// synFrom is a SYN from one of many ports.
func (f forger) synFrom(n, port uint16) []byte {
	return sum4(spoilt(f.ip4(6, syn(port)), func(b []byte) { binary.BigEndian.PutUint16(b[at4:], 10000+n) }), 16)
}
