package wire

import "encoding/binary"

// ARPLen is the length in bytes of an ARP packet for IPv4 over Ethernet.
const ARPLen = 28

// Values of ARP.Op.
const (
	ARPRequest uint16 = 1
	ARPReply   uint16 = 2
)

// arpFormat is hardware type, protocol type and address lengths of the one form that ParseARP takes.
const arpFormat = 1<<48 | uint64(EtherTypeIPv4)<<32 | 6<<24 | 4<<16

// ARP is an ARP packet for IPv4 over Ethernet (RFC 826).
type ARP struct {
	Op                   uint16
	SenderMAC, TargetMAC MAC
	Sender, Target       Addr
}

// ParseARP reads the packet b; bytes after it are padding.
func ParseARP(b []byte) (p ARP, ok bool) {
	if len(b) < ARPLen || binary.BigEndian.Uint64(b)&^0xffff != arpFormat {
		return p, false
	}
	return ARP{
		Op:        binary.BigEndian.Uint16(b[6:]),
		SenderMAC: MAC(b[8:]),
		Sender:    From4([4]byte(b[14:])),
		TargetMAC: MAC(b[18:]),
		Target:    From4([4]byte(b[24:])),
	}, true
}

// PutARP writes ARPLen bytes.
func PutARP(b []byte, p *ARP) {
	_ = b[:ARPLen]
	binary.BigEndian.PutUint64(b, arpFormat|uint64(p.Op))
	*(*MAC)(b[8:]) = p.SenderMAC
	copy(b[14:18], p.Sender[12:])
	*(*MAC)(b[18:]) = p.TargetMAC
	copy(b[24:28], p.Target[12:])
}
