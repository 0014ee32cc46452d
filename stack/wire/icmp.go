package wire

import "encoding/binary"

// ICMPLen is the length in bytes of an ICMP header, the message's first word behind the checksum included.
const ICMPLen = 8

// Types and codes of ICMP for IPv4 (RFC 792, RFC 1122 section 3.2.2).
const (
	ICMPEchoReply       uint8 = 0
	ICMPUnreachable     uint8 = 3
	ICMPRedirect        uint8 = 5
	ICMPEcho            uint8 = 8
	ICMPTimeExceeded    uint8 = 11
	ICMPParamProblem    uint8 = 12
	ICMPNetUnreachable  uint8 = 0
	ICMPHostUnreachable uint8 = 1
	ICMPProtoUnreach    uint8 = 2
	ICMPPortUnreachable uint8 = 3
	ICMPFragNeeded      uint8 = 4 // RFC 1191 section 4
)

// Types and codes of ICMPv6 (RFC 4443).
const (
	ICMPv6Unreachable     uint8 = 1
	ICMPv6PacketTooBig    uint8 = 2
	ICMPv6TimeExceeded    uint8 = 3
	ICMPv6ParamProblem    uint8 = 4
	ICMPv6Echo            uint8 = 128
	ICMPv6EchoReply       uint8 = 129
	ICMPv6MLDQuery        uint8 = 130 // RFC 3810 section 5.1
	ICMPv6MLDReport       uint8 = 131 // RFC 2710 section 3
	ICMPv6MLDDone         uint8 = 132
	ICMPv6RouterSolicit   uint8 = 133 // RFC 4861 section 4.1
	ICMPv6RouterAdvert    uint8 = 134
	ICMPv6NeighborSolicit uint8 = 135
	ICMPv6NeighborAdvert  uint8 = 136
	ICMPv6Redirect        uint8 = 137
	ICMPv6MLDv2Report     uint8 = 143 // RFC 3810 section 5.2

	ICMPv6NoRoute         uint8 = 0
	ICMPv6Prohibited      uint8 = 1
	ICMPv6AddrUnreachable uint8 = 3
	ICMPv6PortUnreachable uint8 = 4
)

// CodeReassembly is the code of a time-exceeded message about fragments, in both versions.
const CodeReassembly uint8 = 1

// ICMP is the header of an ICMP message of either version.
type ICMP struct {
	Type, Code uint8
	Rest       uint32 // the word behind the checksum: identifier and sequence number, MTU, pointer
}

// ParseICMP reads the header of the message b. The checksum is not looked at: a right one makes
// the folded sum of the message 0xffff, in ICMPv6 with the pseudo header.
func ParseICMP(b []byte) (h ICMP, ok bool) {
	if len(b) < ICMPLen {
		return h, false
	}
	return ICMP{b[0], b[1], binary.BigEndian.Uint32(b[4:])}, true
}

// PutICMP writes ICMPLen bytes with the checksum. sum is the partial sum of what follows, and in ICMPv6 of the
// pseudo header.
func PutICMP(b []byte, h *ICMP, sum uint32) {
	b = b[:ICMPLen]
	b[0], b[1], b[2], b[3] = h.Type, h.Code, 0, 0
	binary.BigEndian.PutUint32(b[4:], h.Rest)
	binary.BigEndian.PutUint16(b[2:], ^Fold(Sum(b, sum)))
}

// IsICMPError reports whether a message type of ICMP for IPv4 is an error (RFC 1122 section 3.2.2).
func IsICMPError(kind uint8) bool {
	switch kind {
	case ICMPUnreachable, 4, ICMPRedirect, ICMPTimeExceeded, ICMPParamProblem:
		return true
	}
	return false
}

// IsICMPv6Error reports whether a message type of ICMPv6 is an error (RFC 4443 section 2.1).
func IsICMPv6Error(kind uint8) bool { return kind < 128 }
