package wire

import "encoding/binary"

// IPv6Len is the length in bytes of the fixed IPv6 header.
const IPv6Len = 40

// IPv6 is the fixed IPv6 header (RFC 8200 section 3).
type IPv6 struct {
	Src, Dst     Addr
	TrafficClass uint8 // DSCP and ECN
	FlowLabel    uint32
	Next         uint8 // type of the header that follows
	HopLimit     uint8
	PayloadLen   int // bytes behind this header
}

// ParseIPv6 reads the fixed header of the packet b. The packet is b[:IPv6Len+h.PayloadLen]; bytes
// after it are padding. A jumbogram (RFC 2675) has a payload length of 0 here.
func ParseIPv6(b []byte) (h IPv6, ok bool) {
	if len(b) < IPv6Len || b[0]>>4 != 6 {
		return h, false
	}
	h.fields(b)
	return h, h.PayloadLen <= len(b)-IPv6Len
}

func (h *IPv6) fields(b []byte) {
	_ = b[:IPv6Len]
	first := binary.BigEndian.Uint32(b)
	h.TrafficClass, h.FlowLabel = uint8(first>>20), first&0xfffff
	h.PayloadLen = int(binary.BigEndian.Uint16(b[4:]))
	h.Next, h.HopLimit = b[6], b[7]
	h.Src, h.Dst = Addr(b[8:]), Addr(b[24:])
}

// PutIPv6 writes IPv6Len bytes.
func PutIPv6(b []byte, h *IPv6) {
	_ = b[:IPv6Len]
	binary.BigEndian.PutUint32(b, 6<<28|uint32(h.TrafficClass)<<20|h.FlowLabel&0xfffff)
	binary.BigEndian.PutUint16(b[4:], uint16(h.PayloadLen))
	b[6], b[7] = h.Next, h.HopLimit
	*(*Addr)(b[8:]) = h.Src
	*(*Addr)(b[24:]) = h.Dst
}
