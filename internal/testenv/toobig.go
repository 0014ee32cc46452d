package testenv

import (
	"encoding/binary"
	"net/netip"
)

const (
	etherLen = 14
	ipv4Len  = 20
	ipv6Len  = 40
	icmpLen  = 8
)

// The relay's addresses, where it speaks as a router.
var (
	router4 = netip.MustParseAddr("192.168.100.254")
	router6 = netip.MustParseAddr("fd00:100::fe")
)

// tooBig returns a router's answer to a frame whose packet is longer than mtu. nil: there is none, since it is not IP, or an IPv4
// packet that a router would cut (here it is lost).
func tooBig(frame []byte, mtu int) []byte {
	answer := make([]byte, etherLen, 1500)
	copy(answer, frame[6:12])
	copy(answer[6:], frame[:6])
	copy(answer[12:], frame[12:14])
	packet := frame[etherLen:]
	switch binary.BigEndian.Uint16(frame[12:]) {
	case 0x0800:
		if packet[6]&0x40 == 0 { // DF
			return nil
		}
		return append(answer, fragmentationNeeded(packet, mtu)...)
	case 0x86dd:
		return append(answer, packetTooBig(packet, mtu)...)
	}
	return nil
}

// fragmentationNeeded is a message of RFC 1191 section 4, with as much of the packet as RFC 1812 section 4.3.2.3 allows.
func fragmentationNeeded(packet []byte, mtu int) []byte {
	const longest = 576
	quote := packet[:min(len(packet), longest-ipv4Len-icmpLen)]
	b := append(make([]byte, ipv4Len+icmpLen), quote...)
	b[0], b[8], b[9] = 0x45, 64, 1
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	copy(b[12:], router4.AsSlice())
	copy(b[16:20], packet[12:16])
	binary.BigEndian.PutUint16(b[10:], checksum(b[:ipv4Len]))
	icmp := b[ipv4Len:]
	icmp[0], icmp[1] = 3, 4
	binary.BigEndian.PutUint16(icmp[6:], uint16(mtu))
	binary.BigEndian.PutUint16(icmp[2:], checksum(icmp))
	return b
}

// packetTooBig is a message of RFC 4443 section 3.2.
func packetTooBig(packet []byte, mtu int) []byte {
	const longest = 1280
	quote := packet[:min(len(packet), longest-ipv6Len-icmpLen)]
	b := append(make([]byte, ipv6Len+icmpLen), quote...)
	icmp := b[ipv6Len:]
	b[0], b[6], b[7] = 0x60, 58, 64
	binary.BigEndian.PutUint16(b[4:], uint16(len(icmp)))
	copy(b[8:], router6.AsSlice())
	copy(b[24:40], packet[8:24])
	icmp[0] = 2
	binary.BigEndian.PutUint32(icmp[4:], uint32(mtu))
	pseudo := append([]byte(nil), b[8:40]...) // RFC 8200 section 8.1
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(icmp)))
	pseudo = binary.BigEndian.AppendUint32(pseudo, 58)
	binary.BigEndian.PutUint16(icmp[2:], checksum(append(pseudo, icmp...)))
	return b
}

// checksum is RFC 1071's.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i, v := range b {
		if i%2 == 0 {
			sum += uint32(v) << 8
		} else {
			sum += uint32(v)
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
