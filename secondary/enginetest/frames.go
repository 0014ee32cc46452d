package enginetest

import (
	"encoding/binary"
)

// etherLen is the length of an Ethernet header in bytes.
const etherLen = 14

// payload returns the transport protocol of a frame without IP options, and what follows the IP header.
func payload(frame []byte) (proto uint8, data []byte) {
	switch etherType(frame) {
	case 0x0800:
		return frame[etherLen+9], frame[etherLen+20:]
	case 0x86dd:
		return frame[etherLen+6], frame[etherLen+40:]
	}
	return 0, nil
}

func etherType(frame []byte) uint16 { return binary.BigEndian.Uint16(frame[12:]) }

func isTCP(frame []byte) bool {
	proto, _ := payload(frame)
	return proto == 6
}

// Operations of ARP (RFC 826), and types of neighbour discovery (RFC 4861 section 4).
const (
	arpRequest = 1
	arpReply   = 2
	solicit    = 135
	advert     = 136
)

func isARP(op uint16) func([]byte) bool {
	return func(f []byte) bool {
		return etherType(f) == 0x0806 && binary.BigEndian.Uint16(f[etherLen+6:]) == op
	}
}

func isNDP(kind byte) func([]byte) bool {
	return func(f []byte) bool {
		proto, data := payload(f)
		return proto == 58 && data[0] == kind
	}
}

// ping returns an ICMP echo request from one host to another.
func ping(from, to *host) []byte {
	f := make([]byte, etherLen+20+8)
	copy(f, to.mac[:])
	copy(f[6:], from.mac[:])
	f[12], f[13] = 0x08, 0x00
	ip := f[etherLen:]
	copy(ip, []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1})
	copy(ip[12:], from.v4.AsSlice())
	copy(ip[16:], to.v4.AsSlice())
	binary.BigEndian.PutUint16(ip[10:], checksum(ip[:20]))
	ip[20] = 8 // echo request
	binary.BigEndian.PutUint16(ip[22:], checksum(ip[20:]))
	return f
}

// checksum is RFC 1071's, of an even number of bytes.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
