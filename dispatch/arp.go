package dispatch

import "encoding/binary"

const (
	arpLen = 28
	// Hardware type Ethernet, protocol IPv4, address lengths 6 and 4 (RFC 826).
	arpEtherIPv4 = 0x0001_0800_0604

	arpRequest = 1
	arpReply   = 2
)

func (p *Packet) arp(b []byte) Reason {
	if len(b) < arpLen {
		return ReasonTruncatedARP
	}
	head := binary.BigEndian.Uint64(b)
	if op := head & 0xffff; head>>16 != arpEtherIPv4 || op != arpRequest && op != arpReply {
		return ReasonBadARP
	}
	p.Control = true
	return ReasonNone
}
