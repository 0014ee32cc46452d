package wire

import "encoding/binary"

// GroupChange is the type of a group record (RFC 3376 section 4.2.12, RFC 3810 section 5.2.12). A host that takes a
// group from all sources excludes none, one that leaves it includes none.
type GroupChange uint8

// Record types without a source list.
const (
	GroupIsExclude GroupChange = 2 // membership, in answer to a query
	GroupToInclude GroupChange = 3 // leave
	GroupToExclude GroupChange = 4 // join
)

const (
	igmpQuery    = 0x11
	igmpV3Report = 0x22
)

// IGMPReportLen and MLDReportLen are the lengths in bytes of a report with one record.
const (
	IGMPReportLen = 8 + 8
	MLDReportLen  = 8 + 20
)

// PutIGMPReport writes a version 3 report about one group (RFC 3376 section 4.2).
func PutIGMPReport(b []byte, change GroupChange, group *Addr) {
	b = b[:IGMPReportLen]
	clear(b)
	b[0], b[7], b[8] = igmpV3Report, 1, uint8(change)
	copy(b[12:16], group[12:])
	binary.BigEndian.PutUint16(b[2:], ^Fold(Sum(b, 0)))
}

// PutMLDReport writes a version 2 report about one group (RFC 3810 section 5.2).
func PutMLDReport(b []byte, change GroupChange, group, src, dst *Addr) {
	b = b[:MLDReportLen]
	clear(b)
	b[8] = uint8(change)
	*(*Addr)(b[12:]) = *group
	PutICMP(b, &ICMP{Type: ICMPv6MLDv2Report, Rest: 1}, Sum(b[ICMPLen:], PseudoSum(src, dst, ProtoICMPv6, MLDReportLen)))
}

// GroupQuery is a membership query. The zero Group asks for all.
type GroupQuery struct {
	Group    Addr
	MaxDelay uint32 // milliseconds within which to answer
}

// ParseIGMPQuery reads the IGMP message b; false when it is no query of any version, or its checksum is wrong.
func ParseIGMPQuery(b []byte) (q GroupQuery, ok bool) {
	if len(b) < 8 || b[0] != igmpQuery || Fold(Sum(b, 0)) != 0xffff {
		return q, false
	}
	if g := From4([4]byte(b[4:])); g != Any4 {
		q.Group = g
	}
	switch {
	case b[1] == 0: // version 1 (RFC 3376 section 7.1)
		q.MaxDelay = 10_000
	case len(b) == 8: // version 2
		q.MaxDelay = uint32(b[1]) * 100
	default:
		q.MaxDelay = expand(uint32(b[1]), 4) * 100
	}
	return q, true
}

// ParseMLDQuery reads the ICMPv6 message b of type ICMPv6MLDQuery (RFC 3810 section 5.1).
func ParseMLDQuery(b []byte) (q GroupQuery, ok bool) {
	if len(b) < ICMPLen+16 {
		return q, false
	}
	q.Group, q.MaxDelay = Addr(b[8:]), uint32(binary.BigEndian.Uint16(b[4:]))
	if len(b) >= 28 {
		q.MaxDelay = expand(q.MaxDelay, 12)
	}
	return q, q.Group == Addr{} || q.Group.IsMulticast()
}

// expand reads a code whose top bit, above a 3-bit exponent and a mantissa of bits bits, says that it is
// a floating-point value (RFC 3376 section 4.1.1 with 4 bits, RFC 3810 section 5.1.3 with 12).
func expand(code uint32, bits uint) uint32 {
	if code>>(bits+3) == 0 {
		return code
	}
	mantissa, exponent := code&(1<<bits-1), code>>bits&7
	return (mantissa | 1<<bits) << (exponent + 3)
}
