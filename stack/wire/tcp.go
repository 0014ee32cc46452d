package wire

import "encoding/binary"

// TCPLen is the length in bytes of a TCP header without options.
const TCPLen = 20

// Bits of TCP.Flags (RFC 9293 section 3.1).
const (
	FIN uint8 = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// TCP is a TCP header without its options and checksum.
type TCP struct {
	SrcPort, DstPort uint16
	Seq, Ack         uint32
	Flags            uint8
	Window           uint16 // as sent: not scaled
	Urgent           uint16
	HeaderLen        int // bytes, with options
}

// ParseTCP reads the header of the segment b. Its options are b[TCPLen:h.HeaderLen] and its
// payload is b[h.HeaderLen:].
func ParseTCP(b []byte) (h TCP, ok bool) {
	if len(b) < TCPLen {
		return h, false
	}
	n := int(b[12]>>4) * 4
	if n < TCPLen || n > len(b) {
		return h, false
	}
	return TCP{
		SrcPort:   binary.BigEndian.Uint16(b),
		DstPort:   binary.BigEndian.Uint16(b[2:]),
		Seq:       binary.BigEndian.Uint32(b[4:]),
		Ack:       binary.BigEndian.Uint32(b[8:]),
		Flags:     b[13],
		Window:    binary.BigEndian.Uint16(b[14:]),
		Urgent:    binary.BigEndian.Uint16(b[18:]),
		HeaderLen: n,
	}, true
}

// PutTCP writes a header with the options o, which may be nil, and a zero checksum. It returns
// the header's length, TCPLen+TCPOptionsLen(o), and takes no notice of h.HeaderLen.
func PutTCP(b []byte, h *TCP, o *TCPOptions) (headerLen int) {
	_ = b[:TCPLen]
	binary.BigEndian.PutUint16(b, h.SrcPort)
	binary.BigEndian.PutUint16(b[2:], h.DstPort)
	binary.BigEndian.PutUint32(b[4:], h.Seq)
	binary.BigEndian.PutUint32(b[8:], h.Ack)
	b[13] = h.Flags
	binary.BigEndian.PutUint16(b[14:], h.Window)
	binary.BigEndian.PutUint16(b[16:], 0)
	binary.BigEndian.PutUint16(b[18:], h.Urgent)
	headerLen = TCPLen
	if o != nil {
		headerLen += o.put(b[TCPLen:])
	}
	b[12] = uint8(headerLen/4) << 4
	return headerLen
}
