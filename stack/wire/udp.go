package wire

import "encoding/binary"

// UDPLen is the length in bytes of a UDP header.
const UDPLen = 8

// UDP is a UDP header (RFC 768).
type UDP struct {
	SrcPort, DstPort uint16
	Len              int    // bytes, header and payload
	Checksum         uint16 // 0: none
}

// ParseUDP reads the header of the datagram b, which is b[:h.Len]; bytes after it are padding.
func ParseUDP(b []byte) (h UDP, ok bool) {
	if len(b) < UDPLen {
		return h, false
	}
	h = UDP{
		SrcPort:  binary.BigEndian.Uint16(b),
		DstPort:  binary.BigEndian.Uint16(b[2:]),
		Len:      int(binary.BigEndian.Uint16(b[4:])),
		Checksum: binary.BigEndian.Uint16(b[6:]),
	}
	return h, h.Len >= UDPLen && h.Len <= len(b)
}

// PutUDP writes UDPLen bytes with the checksum over header and payload. sum is the partial sum of pseudo header
// and payload. A checksum of 0 is sent as 0xffff, since 0 means none.
func PutUDP(b []byte, h *UDP, sum uint32) {
	b = b[:UDPLen]
	binary.BigEndian.PutUint16(b, h.SrcPort)
	binary.BigEndian.PutUint16(b[2:], h.DstPort)
	binary.BigEndian.PutUint16(b[4:], uint16(h.Len))
	binary.BigEndian.PutUint16(b[6:], 0)
	check := ^Fold(Sum(b, sum))
	if check == 0 {
		check = 0xffff
	}
	binary.BigEndian.PutUint16(b[6:], check)
}
