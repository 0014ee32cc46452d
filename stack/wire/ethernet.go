package wire

import (
	"encoding/binary"
	"encoding/hex"
)

// Lengths in bytes of an Ethernet II header and of the IEEE 802.1Q tag that may be in it.
const (
	EthernetLen = 14
	VLANTagLen  = 4
)

// Values of Ethernet.Type.
const (
	EtherTypeIPv4 uint16 = 0x0800
	EtherTypeARP  uint16 = 0x0806
	EtherTypeVLAN uint16 = 0x8100 // IEEE 802.1Q
	EtherTypeIPv6 uint16 = 0x86dd
)

// MAC is an Ethernet address.
type MAC [6]byte

// BroadcastMAC is the address of all stations.
var BroadcastMAC = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// IsGroup reports whether m is a multicast address or broadcast.
func (m *MAC) IsGroup() bool { return m[0]&1 != 0 }

// String returns the address in the usual text form.
func (m MAC) String() string {
	text := make([]byte, 0, 3*len(m))
	for _, b := range m {
		text = append(hex.AppendEncode(text, []byte{b}), ':')
	}
	return string(text[:len(text)-1])
}

// MulticastMAC returns the Ethernet address of the group a (RFC 1112 section 6.4, RFC 2464 section 7).
func MulticastMAC(a *Addr) MAC {
	if a.Is4() {
		return MAC{0x01, 0x00, 0x5e, a[13] & 0x7f, a[14], a[15]}
	}
	return MAC{0x33, 0x33, a[12], a[13], a[14], a[15]}
}

// Ethernet is the header of a frame.
type Ethernet struct {
	Dst, Src  MAC
	Type      uint16
	VLAN      uint16 // VLAN identifier of the tag, 0 without one or with a priority tag
	HeaderLen int    // bytes, with the tag
}

// ParseEthernet reads the header of the frame b, with one tag at most. The frame's payload is b[h.HeaderLen:].
func ParseEthernet(b []byte) (h Ethernet, ok bool) {
	if len(b) < EthernetLen {
		return h, false
	}
	h.Dst, h.Src = MAC(b), MAC(b[6:])
	h.Type, h.HeaderLen = binary.BigEndian.Uint16(b[12:]), EthernetLen
	if h.Type == EtherTypeVLAN {
		if len(b) < EthernetLen+VLANTagLen {
			return h, false
		}
		h.VLAN = binary.BigEndian.Uint16(b[14:]) & 0x0fff
		h.Type, h.HeaderLen = binary.BigEndian.Uint16(b[16:]), EthernetLen+VLANTagLen
	}
	return h, true
}

// EthernetHeaderLen returns the length in bytes of the header that PutEthernet writes for a VLAN.
func EthernetHeaderLen(vlan uint16) int {
	if vlan != 0 {
		return EthernetLen + VLANTagLen
	}
	return EthernetLen
}

// PutEthernet writes a header, tagged unless h.VLAN is 0, and returns its length. It takes no notice
// of h.HeaderLen.
func PutEthernet(b []byte, h *Ethernet) int {
	_ = b[:EthernetLen]
	*(*MAC)(b) = h.Dst
	*(*MAC)(b[6:]) = h.Src
	if h.VLAN == 0 {
		binary.BigEndian.PutUint16(b[12:], h.Type)
		return EthernetLen
	}
	binary.BigEndian.PutUint16(b[12:], EtherTypeVLAN)
	binary.BigEndian.PutUint16(b[14:], h.VLAN)
	binary.BigEndian.PutUint16(b[16:], h.Type)
	return EthernetLen + VLANTagLen
}
