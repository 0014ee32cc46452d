package wire

import "encoding/binary"

// FragmentLen is the length in bytes of an IPv6 fragment header.
const FragmentLen = 8

// maxExtensions bounds the walk along the headers of one packet (RFC 8504 section 5.3).
const maxExtensions = 8

// IPv6Fragment is a fragment header (RFC 8200 section 4.5).
type IPv6Fragment struct {
	Next   uint8 // type of the first header of the fragmentable part
	Offset int   // bytes, a multiple of 8
	More   bool
	ID     uint32
}

// PutIPv6Fragment writes FragmentLen bytes.
func PutIPv6Fragment(b []byte, f *IPv6Fragment) {
	_ = b[:FragmentLen]
	field := uint16(f.Offset)
	if f.More {
		field |= 1
	}
	b[0], b[1] = f.Next, 0
	binary.BigEndian.PutUint16(b[2:], field)
	binary.BigEndian.PutUint32(b[4:], f.ID)
}

func parseIPv6Fragment(b []byte) IPv6Fragment {
	field := binary.BigEndian.Uint16(b[2:])
	return IPv6Fragment{Next: b[0], Offset: int(field &^ 7), More: field&1 != 0, ID: binary.BigEndian.Uint32(b[4:])}
}

// ChainFault is why a walk along extension headers ended early.
type ChainFault uint8

// What WalkIPv6 finds.
const (
	ChainFine               ChainFault = iota
	ChainTruncated                     // a header runs past the packet
	ChainTooLong                       // more than eight extension headers
	ChainBadField                      // a field no receiver takes: parameter problem code 0 (RFC 4443 section 3.4)
	ChainUnknownNext                   // hop-by-hop options not in first place: parameter problem code 1
	ChainDiscard                       // an option asks for silent discard (RFC 8200 section 4.2, 01)
	ChainUnknownOption                 // an option asks for parameter problem code 2 (10)
	ChainUnknownUnlessGroup            // the same, but silent for packets to a group (11)
)

// Chain is what WalkIPv6 finds.
type Chain struct {
	Proto       uint8 // the first header that is no extension
	Offset      int   // where it starts, in bytes from the start of the packet
	NextAt      int   // offset of the byte that names Proto
	FaultAt     int   // offset of the byte that a fault is about
	RouterAlert bool  // a hop-by-hop router alert (RFC 2711)
	IsFragment  bool
	Fragment    IPv6Fragment
	FragmentAt  int // offset of the fragment header
	BeforeNext  int // offset of the byte that names the fragment header
}

// WalkIPv6 follows the extension headers of the packet b, whose fixed header is whole. It
// stops behind the fragment header of any fragment but an atomic one, with Offset where the fragment's data starts.
func WalkIPv6(b []byte) (c Chain, fault ChainFault) {
	c.Proto, c.NextAt, c.Offset = b[6], 6, IPv6Len
	for n := 0; ; n++ {
		switch c.Proto {
		case ProtoHopByHop, ProtoRouting, ProtoFragment, ProtoDestination:
		default:
			return c, ChainFine
		}
		if n == maxExtensions {
			return c, ChainTooLong
		}
		done, fault := c.step(b, n == 0)
		if done || fault != ChainFine {
			return c, fault
		}
	}
}

// step takes the header c.Proto at c.Offset.
func (c *Chain) step(b []byte, first bool) (done bool, fault ChainFault) {
	h := b[c.Offset:]
	if len(h) < 8 {
		return false, ChainTruncated
	}
	size := (int(h[1]) + 1) * 8
	if c.Proto == ProtoFragment {
		size = FragmentLen
	}
	if len(h) < size {
		return false, ChainTruncated
	}
	switch c.Proto {
	case ProtoHopByHop:
		if !first {
			c.FaultAt = c.NextAt
			return false, ChainUnknownNext
		}
		fault = c.options(h[:size])
	case ProtoDestination:
		fault = c.options(h[:size])
	case ProtoRouting:
		// All types are unknown to a host that routes nothing; with segments left that is an error
		// (RFC 8200 section 4.4, RFC 5095 section 3).
		if h[3] != 0 {
			c.FaultAt = c.Offset + 2
			return false, ChainBadField
		}
	case ProtoFragment:
		if c.IsFragment {
			c.FaultAt = c.NextAt
			return false, ChainBadField
		}
		c.IsFragment, c.Fragment, c.FragmentAt, c.BeforeNext = true, parseIPv6Fragment(h), c.Offset, c.NextAt
		done = c.Fragment.More || c.Fragment.Offset != 0
	}
	if fault != ChainFine {
		return false, fault
	}
	c.Proto, c.NextAt, c.Offset = h[0], c.Offset, c.Offset+size
	return done, ChainFine
}

// options looks at the options of the hop-by-hop or destination header h (RFC 8200 section 4.2).
func (c *Chain) options(h []byte) ChainFault {
	for at := 2; at < len(h); {
		if h[at] == 0 { // Pad1
			at++
			continue
		}
		if at+2 > len(h) || at+2+int(h[at+1]) > len(h) {
			c.FaultAt = c.Offset + at
			return ChainBadField
		}
		switch kind := h[at]; {
		case kind == 5 && h[at+1] == 2:
			c.RouterAlert = true
		case kind == 1 || kind>>6 == 0: // PadN, or skip when unknown
		default:
			c.FaultAt = c.Offset + at
			return ChainDiscard + ChainFault(kind>>6) - 1
		}
		at += 2 + int(h[at+1])
	}
	return ChainFine
}
