package dispatch

import "encoding/binary"

const fragmentHeaderLen = 8

// chain is what a walk along IPv6 extension headers finds.
type chain struct {
	proto  uint8 // first header that is no extension; in a later fragment the type that its header names
	offset int   // where that header starts, in bytes after the IPv6 header

	fragmented bool  // there is a fragment header
	fragNext   uint8 // type of the header behind it
	fragStart  int   // where the fragment's data starts
	fragOffset int   // in bytes
	fragID     uint32
	more       bool
}

func isExtension(proto uint8) bool {
	switch proto {
	case ipv6HopByHop, ipv6Routing, ipv6Fragment, ipv6AH, ipv6Destination:
		return true
	}
	return false
}

// walk follows the headers in b, the first of which is of type next. A later
// fragment ends the walk: what follows its header is data.
func (c *chain) walk(b []byte, next uint8) Reason {
	for n := 0; isExtension(next); n++ {
		if n == maxExtensions {
			return ReasonTooManyExtensions
		}
		h := b[c.offset:]
		if len(h) < 8 {
			return ReasonTruncatedIPv6
		}
		if next == ipv6HopByHop && n != 0 || next == ipv6Fragment && c.fragmented || next == ipv6AH && h[1] == 0 {
			return ReasonBadIPv6Extension
		}
		size := extensionLen(next, h)
		if len(h) < size {
			return ReasonTruncatedIPv6
		}
		c.offset += size
		if next == ipv6Fragment {
			c.fragment(h)
			if c.fragOffset > 0 {
				c.proto = c.fragNext
				return ReasonNone
			}
		}
		next = h[0]
	}
	c.proto = next
	return ReasonNone
}

func (c *chain) fragment(h []byte) {
	field := binary.BigEndian.Uint16(h[2:])
	c.fragmented = true
	c.fragNext = h[0]
	c.fragStart = c.offset
	c.fragOffset = int(field &^ 7)
	c.fragID = binary.BigEndian.Uint32(h[4:])
	c.more = field&1 != 0
}

// extensionLen is the length in bytes of extension header h (RFC 8200, 4; AH:
// RFC 4302, 2.2).
func extensionLen(proto uint8, h []byte) int {
	switch proto {
	case ipv6Fragment:
		return fragmentHeaderLen
	case ipv6AH:
		return (int(h[1]) + 2) * 4
	}
	return (int(h[1]) + 1) * 8
}
