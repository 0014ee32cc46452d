package wire

import "encoding/binary"

// Quote is what an ICMP error quotes of the packet that it is about. Source and destination are
// that packet's: a packet that we sent has our address as Src.
type Quote struct {
	Src, Dst         Addr
	Proto            uint8
	SrcPort, DstPort uint16 // TCP and UDP; of an echo request SrcPort is the identifier
	Seq              uint32 // TCP
	Transport        []byte // what is quoted of the transport header and payload
	PacketLen        int    // bytes of the packet as its header says
}

// ParseQuote reads a quoted packet. Nothing but the IP header and the first 8 bytes behind it needs to be
// there (RFC 792). A later fragment, which has no ports, is refused.
func ParseQuote(b []byte) (q Quote, ok bool) {
	if len(b) == 0 {
		return q, false
	}
	switch b[0] >> 4 {
	case 4:
		ok = q.ipv4(b)
	case 6:
		ok = q.ipv6(b)
	}
	if !ok || len(q.Transport) < 8 {
		return q, false
	}
	t := q.Transport
	switch q.Proto {
	case ProtoTCP:
		q.Seq = binary.BigEndian.Uint32(t[4:])
		fallthrough
	case ProtoUDP:
		q.SrcPort, q.DstPort = binary.BigEndian.Uint16(t), binary.BigEndian.Uint16(t[2:])
	case ProtoICMP, ProtoICMPv6:
		q.SrcPort = binary.BigEndian.Uint16(t[4:])
	}
	return q, true
}

func (q *Quote) ipv4(b []byte) bool {
	n := int(b[0]&15) * 4
	if n < IPv4Len || len(b) < n {
		return false
	}
	var h IPv4
	h.fields(b)
	q.Src, q.Dst, q.Proto, q.Transport = h.Src, h.Dst, h.Proto, b[n:]
	q.PacketLen = int(binary.BigEndian.Uint16(b[2:]))
	return h.FragOffset == 0
}

func (q *Quote) ipv6(b []byte) bool {
	if len(b) < IPv6Len {
		return false
	}
	var h IPv6
	h.fields(b)
	c, fault := WalkIPv6(b)
	if fault != ChainFine || c.IsFragment && c.Fragment.Offset != 0 {
		return false
	}
	q.Src, q.Dst, q.Proto, q.Transport = h.Src, h.Dst, c.Proto, b[c.Offset:]
	q.PacketLen = IPv6Len + h.PayloadLen
	return true
}
