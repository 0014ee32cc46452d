package wire

import "encoding/binary"

// NDPLen is the length in bytes of a neighbour solicitation or advertisement before its options,
// the ICMP header included.
const NDPLen = ICMPLen + 16

// Flags of a neighbour advertisement (RFC 4861 section 4.4), in the word behind the checksum.
const (
	NDPRouter    uint32 = 1 << 31
	NDPSolicited uint32 = 1 << 30
	NDPOverride  uint32 = 1 << 29
)

// Option types of neighbour discovery (RFC 4861 section 4.6).
const (
	ndpOptSource = 1
	ndpOptTarget = 2
	ndpOptPrefix = 3
	ndpOptMTU    = 5
	ndpOptNonce  = 14 // RFC 3971 section 5.3.2, RFC 7527
)

// NonceLen is the length in bytes of the nonce of a solicitation.
const NonceLen = 6

// NDPOptions are the options of a neighbour discovery message.
type NDPOptions struct {
	HasSource, HasTarget, HasNonce bool
	Source, Target                 MAC
	Nonce                          [NonceLen]byte
	MTU                            uint32 // 0: absent
	NPrefix                        int    // used places of Prefix; more than fit are left out
	Prefix                         [8]PrefixInfo
}

// Parse replaces o by the options in b. It returns false when one has length 0 or runs
// past the end; the message is then to be dropped (RFC 4861 section 6.1, 7.1).
func (o *NDPOptions) Parse(b []byte) bool {
	*o = NDPOptions{}
	for len(b) > 0 {
		if len(b) < 8 || b[1] == 0 || int(b[1])*8 > len(b) {
			return false
		}
		n := int(b[1]) * 8
		o.parseOne(b[:n])
		b = b[n:]
	}
	return true
}

func (o *NDPOptions) parseOne(b []byte) {
	switch {
	case b[0] == ndpOptSource && len(b) == 8:
		o.HasSource, o.Source = true, MAC(b[2:])
	case b[0] == ndpOptTarget && len(b) == 8:
		o.HasTarget, o.Target = true, MAC(b[2:])
	case b[0] == ndpOptNonce && len(b) == 8:
		o.HasNonce, o.Nonce = true, [NonceLen]byte(b[2:])
	case b[0] == ndpOptMTU && len(b) == 8:
		o.MTU = binary.BigEndian.Uint32(b[4:])
	case b[0] == ndpOptPrefix && len(b) == prefixLen && o.NPrefix < len(o.Prefix):
		o.Prefix[o.NPrefix] = parsePrefixInfo(b)
		o.NPrefix++
	}
}

// Len returns the bytes that put needs. Prefixes and MTU, which only routers send, are not written.
func (o *NDPOptions) Len() (n int) {
	for _, has := range []bool{o.HasSource, o.HasTarget, o.HasNonce} {
		if has {
			n += 8
		}
	}
	return n
}

func (o *NDPOptions) put(b []byte) {
	b = putNDPOption(b, o.HasSource, ndpOptSource, o.Source)
	b = putNDPOption(b, o.HasTarget, ndpOptTarget, o.Target)
	putNDPOption(b, o.HasNonce, ndpOptNonce, o.Nonce)
}

func putNDPOption(b []byte, has bool, kind uint8, value [6]byte) []byte {
	if !has {
		return b
	}
	b[0], b[1] = kind, 1
	copy(b[2:8], value[:])
	return b[8:]
}

// Neighbor is a neighbour solicitation or advertisement (RFC 4861 sections 4.3 and 4.4).
type Neighbor struct {
	Target  Addr
	Flags   uint32 // of an advertisement
	Options NDPOptions
}

// ParseNeighbor reads the ICMPv6 message b. It checks what RFC 4861 sections 7.1.1 and 7.1.2 say about
// the message itself: length, target and options.
func ParseNeighbor(b []byte) (n Neighbor, ok bool) {
	if len(b) < NDPLen || b[1] != 0 {
		return n, false
	}
	n.Flags, n.Target = binary.BigEndian.Uint32(b[4:]), Addr(b[8:])
	return n, !n.Target.IsMulticast() && n.Options.Parse(b[NDPLen:])
}

// NeighborLen returns the bytes that PutNeighbor needs.
func NeighborLen(n *Neighbor) int { return NDPLen + n.Options.Len() }

// PutNeighbor writes a message of type kind with its checksum.
func PutNeighbor(b []byte, kind uint8, n *Neighbor, src, dst *Addr) {
	size := NeighborLen(n)
	b = b[:size]
	*(*Addr)(b[8:]) = n.Target
	n.Options.put(b[NDPLen:])
	PutICMP(b, &ICMP{Type: kind, Rest: n.Flags}, Sum(b[ICMPLen:], PseudoSum(src, dst, ProtoICMPv6, size)))
}
