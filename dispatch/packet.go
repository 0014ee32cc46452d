package dispatch

// Fragment tells the fragments of a packet apart.
type Fragment uint8

const (
	FragmentNone  Fragment = iota // a whole packet; an atomic fragment too (RFC 6946)
	FragmentFirst                 // offset 0, more to come: has the transport header
	FragmentLater                 // offset above 0: has no transport header
)

// Packet is the parsed view of one frame. It holds no pointers and nothing of
// the frame itself, so one Packet serves all frames of a poll loop. The fields
// mean something only after Parse has returned ReasonNone.
type Packet struct {
	Dst       [6]byte // destination MAC
	EtherType uint16  // of the payload, after the tag if there is one
	VLAN      uint16  // TCI of the 802.1Q tag, if Tagged
	Tagged    bool

	Version uint8  // 4, 6, or 0 for ARP
	Proto   uint8  // of the transport header, after IPv6 extension headers
	L3, L4  uint16 // byte offsets in the frame; L4 is 0 for ARP

	// Control marks what every stack must see: ARP, NDP, MLD and IGMP.
	Control bool

	Fragment Fragment
	FragID   uint32 // identification, if Fragment is not FragmentNone

	// Flow has the packet's addresses and, if HasPorts, its ports.
	Flow     Flow
	HasPorts bool
	SYN      bool // TCP with SYN and without ACK: opens a flow

	// Quoted marks an ICMP error: Flow (its Proto included) is that of the
	// quoted packet, which our side had sent. Proto stays ICMP's.
	Quoted bool

	// Of a fragment: whether more come after it, and its bytes in the datagram.
	fragMore           bool
	fragStart, fragEnd uint16
}

// Parse reads frame into p, from the Ethernet to the transport header, and
// checks everything that dispatch relies on. It returns ReasonNone or why the
// frame must be dropped. Checksums above IP are left to the stacks. The frame
// must be contiguous; it is neither changed nor kept.
func (p *Packet) Parse(frame []byte) Reason {
	*p = Packet{}
	return p.ethernet(frame)
}
