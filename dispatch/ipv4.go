package dispatch

import "encoding/binary"

const (
	ipv4MinLen     = 20
	ipv4MoreFrags  = 0x2000
	ipv4OffsetMask = 0x1fff
)

func (p *Packet) ipv4(b []byte) Reason {
	if len(b) < ipv4MinLen {
		return ReasonTruncatedIPv4
	}
	if b[0]>>4 != 4 {
		return ReasonBadIPVersion
	}
	p.Version = 4
	header := int(b[0]&0xf) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	switch {
	case header < ipv4MinLen:
		return ReasonBadIPv4Header
	case header > len(b):
		return ReasonTruncatedIPv4
	case total < header || total > len(b):
		return ReasonBadIPv4Length
	case !ipv4ChecksumOK(b[:header]):
		return ReasonBadIPv4Checksum
	}
	if r := p.ipv4Addresses(b); r != ReasonNone {
		return r
	}
	p.Proto, p.Flow.Proto = b[9], b[9]
	p.L4 = p.L3 + uint16(header)
	if r := p.ipv4Fragment(b, header, total); r != ReasonNone {
		return r
	}
	return p.transport(b[header:total])
}

func (p *Packet) ipv4Addresses(b []byte) Reason {
	src, dst := binary.BigEndian.Uint32(b[12:]), binary.BigEndian.Uint32(b[16:])
	switch {
	case badIPv4Source(src) || src == dst:
		return ReasonBadIPv4Source
	case badIPv4Destination(dst):
		return ReasonBadIPv4Destination
	}
	mapV4(&p.Flow.Remote, b[12:16])
	mapV4(&p.Flow.Local, b[16:20])
	return ReasonNone
}

func (p *Packet) ipv4Fragment(b []byte, header, total int) Reason {
	field := binary.BigEndian.Uint16(b[6:])
	if field&(ipv4MoreFrags|ipv4OffsetMask) == 0 {
		return ReasonNone
	}
	return p.fragment(fragmentHeader{
		offset: int(field&ipv4OffsetMask) * fragmentUnit,
		more:   field&ipv4MoreFrags != 0,
		id:     uint32(binary.BigEndian.Uint16(b[4:])),
		before: header,
		length: total - header,
	})
}

// ipv4ChecksumOK reports whether the header's ones' complement sum is all ones
// (RFC 1071). Its length is a multiple of 4.
func ipv4ChecksumOK(header []byte) bool {
	var sum uint64
	for ; len(header) >= 4; header = header[4:] {
		sum += uint64(binary.BigEndian.Uint32(header))
	}
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	return sum == 0xffff
}

// badIPv4Source reports the sources that RFC 1122, 3.2.1.3 forbids: multicast,
// limited broadcast and loopback.
func badIPv4Source(a uint32) bool {
	return a>>28 == 0xe || a == 0xffffffff || a>>24 == 127
}

// badIPv4Destination reports the destinations that RFC 1122, 3.2.1.3 allows
// on no wire: loopback and this network.
func badIPv4Destination(a uint32) bool {
	return a>>24 == 127 || a>>24 == 0
}
