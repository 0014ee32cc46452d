package dispatch

import "encoding/binary"

// EtherTypes (IANA) that have a meaning here.
const (
	EtherTypeIPv4 = 0x0800
	EtherTypeARP  = 0x0806
	EtherTypeVLAN = 0x8100
	EtherTypeIPv6 = 0x86dd
)

const (
	etherLen     = 14
	vlanLen      = 4
	minEtherType = 0x0600 // below it is an 802.3 length
)

func (p *Packet) ethernet(frame []byte) Reason {
	if len(frame) < etherLen {
		return ReasonRunt
	}
	if frame[6]&1 != 0 {
		return ReasonBadSourceMAC
	}
	p.Dst = [6]byte(frame)
	p.EtherType = binary.BigEndian.Uint16(frame[12:])
	p.L3 = etherLen
	if p.EtherType == EtherTypeVLAN {
		if len(frame) < etherLen+vlanLen {
			return ReasonTruncatedVLAN
		}
		p.Tagged = true
		p.VLAN = binary.BigEndian.Uint16(frame[14:])
		p.EtherType = binary.BigEndian.Uint16(frame[16:])
		p.L3 += vlanLen
	}
	payload := frame[p.L3:]
	switch {
	case p.EtherType == EtherTypeIPv4:
		return p.ipv4(payload)
	case p.EtherType == EtherTypeIPv6:
		return p.ipv6(payload)
	case p.EtherType == EtherTypeARP:
		return p.arp(payload)
	case p.EtherType < minEtherType:
		return ReasonLengthFrame
	}
	return ReasonUnknownEtherType
}
