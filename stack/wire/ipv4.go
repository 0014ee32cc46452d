package wire

import "encoding/binary"

// IPv4Len is the length in bytes of an IPv4 header without options.
const IPv4Len = 20

const (
	flagDF    = 0x4000
	flagMF    = 0x2000
	fragShift = 3 // offsets count 8 bytes
)

// IPv4 is an IPv4 header (RFC 791 section 3.1).
type IPv4 struct {
	Src, Dst    Addr
	TOS         uint8 // DSCP and ECN
	TTL         uint8
	Proto       uint8
	ID          uint16
	DF, MF      bool
	FragOffset  int  // bytes, a multiple of 8
	RouterAlert bool // PutIPv4 writes that option (RFC 2113); ParseIPv4 leaves it false
	HeaderLen   int  // bytes, with options
	TotalLen    int  // bytes, header and payload
}

// IsFragment reports whether the packet is a piece of a datagram.
func (h *IPv4) IsFragment() bool { return h.MF || h.FragOffset != 0 }

// ParseIPv4 reads the header of the packet b. The packet is b[:h.TotalLen]; bytes after it are padding. The header
// checksum is not looked at: a right one makes Fold(Sum(b[:h.HeaderLen], 0)) 0xffff.
func ParseIPv4(b []byte) (h IPv4, ok bool) {
	if len(b) < IPv4Len || b[0]>>4 != 4 {
		return h, false
	}
	h.HeaderLen, h.TotalLen = int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if h.HeaderLen < IPv4Len || h.HeaderLen > h.TotalLen || h.TotalLen > len(b) {
		return h, false
	}
	h.fields(b)
	return h, true
}

// fields reads all but the lengths.
func (h *IPv4) fields(b []byte) {
	_ = b[:IPv4Len]
	h.TOS = b[1]
	h.ID = binary.BigEndian.Uint16(b[4:])
	frag := binary.BigEndian.Uint16(b[6:])
	h.DF, h.MF, h.FragOffset = frag&flagDF != 0, frag&flagMF != 0, int(frag&0x1fff)<<fragShift
	h.TTL, h.Proto = b[8], b[9]
	h.Src, h.Dst = From4([4]byte(b[12:])), From4([4]byte(b[16:]))
}

// IPv4HeaderLen returns the length in bytes of the header that PutIPv4 writes.
func IPv4HeaderLen(h *IPv4) int {
	if h.RouterAlert {
		return IPv4Len + 4
	}
	return IPv4Len
}

// PutIPv4 writes a header with its checksum and returns its length. It takes no notice of h.HeaderLen.
func PutIPv4(b []byte, h *IPv4) int {
	n := IPv4HeaderLen(h)
	b = b[:n]
	b[0], b[1] = 0x40|uint8(n/4), h.TOS
	binary.BigEndian.PutUint16(b[2:], uint16(h.TotalLen))
	binary.BigEndian.PutUint16(b[4:], h.ID)
	frag := uint16(h.FragOffset >> fragShift)
	if h.DF {
		frag |= flagDF
	}
	if h.MF {
		frag |= flagMF
	}
	binary.BigEndian.PutUint16(b[6:], frag)
	b[8], b[9], b[10], b[11] = h.TTL, h.Proto, 0, 0
	copy(b[12:16], h.Src[12:])
	copy(b[16:20], h.Dst[12:])
	if h.RouterAlert {
		b[20], b[21], b[22], b[23] = ipv4OptRouterAlert, 4, 0, 0
	}
	binary.BigEndian.PutUint16(b[10:], ^Fold(Sum(b, 0)))
	return n
}
