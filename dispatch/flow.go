package dispatch

import "encoding/binary"

// IP protocol numbers (IANA) that have a meaning here.
const (
	ProtoICMP   = 1
	ProtoIGMP   = 2
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoICMPv6 = 58
)

// Flow names one direction-free conversation as our side sees it: Local is
// the address that the packet was sent to. IPv4 addresses are v4-mapped
// (::ffff:a.b.c.d); such addresses never come from an IPv6 header. Ports are in
// host byte order and zero where there are none. Flows compare with ==.
type Flow struct {
	Local, Remote         [16]byte
	LocalPort, RemotePort uint16
	Proto                 uint8
}

// Claim is what a proc says of a TCP flow that it has. A half-open one, whose
// handshake is not over, may be a ghost: made of an old SYN by a proc that had
// stalled, when the SYN was repeated and the connection is another's.
type Claim struct {
	Flow
	HalfOpen bool
}

// Is4 reports whether the flow's addresses are IPv4.
func (f *Flow) Is4() bool { return isV4Mapped(&f.Local) }

func isV4Mapped(a *[16]byte) bool {
	return binary.BigEndian.Uint64(a[0:]) == 0 && binary.BigEndian.Uint32(a[8:]) == 0xffff
}

func mapV4(dst *[16]byte, a []byte) {
	dst[10], dst[11] = 0xff, 0xff
	copy(dst[12:], a)
}
