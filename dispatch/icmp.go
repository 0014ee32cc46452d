package dispatch

// icmpLen is the part that all ICMP and ICMPv6 messages have.
const icmpLen = 8

func (p *Packet) icmp(b []byte) Reason {
	if len(b) < icmpLen {
		return p.short(ReasonTruncatedICMP)
	}
	// An error has 576 bytes at most (RFC 1812, 4.3.2.3). One that comes in
	// fragments all the same goes by its addresses.
	if p.Fragment == FragmentNone && isICMPError(b[0]) {
		return p.quoteIPv4(b[icmpLen:])
	}
	return ReasonNone
}

// isICMPError reports the types that quote a packet (RFC 792): unreachable,
// source quench, redirect, time exceeded, parameter problem.
func isICMPError(kind uint8) bool {
	switch kind {
	case 3, 4, 5, 11, 12:
		return true
	}
	return false
}

func (p *Packet) icmpv6(b []byte) Reason {
	if len(b) < icmpLen {
		return p.short(ReasonTruncatedICMP)
	}
	switch kind := b[0]; {
	case isICMPv6Control(kind) && p.Fragment != FragmentNone:
		return ReasonFragmentedControl
	case isICMPv6Control(kind):
		p.Control = true
	case kind >= 1 && kind <= 4 && p.Fragment == FragmentNone:
		return p.quoteIPv6(b[icmpLen:])
	}
	return ReasonNone
}

// isICMPv6Control reports MLD (RFC 2710, 3810) and NDP (RFC 4861) types.
func isICMPv6Control(kind uint8) bool {
	return kind >= 130 && kind <= 132 || kind == 143 || kind >= 133 && kind <= 137
}
