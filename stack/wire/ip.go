package wire

// Numbers of transport protocols and IPv6 extension headers (IANA "Protocol Numbers").
const (
	ProtoHopByHop    uint8 = 0 // RFC 8200 section 4.3
	ProtoICMP        uint8 = 1
	ProtoIGMP        uint8 = 2
	ProtoTCP         uint8 = 6
	ProtoUDP         uint8 = 17
	ProtoRouting     uint8 = 43 // RFC 8200 section 4.4
	ProtoFragment    uint8 = 44 // RFC 8200 section 4.5
	ProtoICMPv6      uint8 = 58
	ProtoNoNext      uint8 = 59 // RFC 8200 section 4.7
	ProtoDestination uint8 = 60 // RFC 8200 section 4.6
)

// The ECN field, the low two bits of the IPv4 TOS and IPv6 traffic class (RFC 3168 section 5).
const (
	ECNNot uint8 = iota
	ECT1
	ECT0
	ECNCE
	ECNMask = ECNCE
)

// Least MTUs in bytes that every path has.
const (
	MinMTU4 = 68   // RFC 791 section 3.2
	MinMTU6 = 1280 // RFC 8200 section 5
)
