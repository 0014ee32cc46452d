package wire

import (
	"encoding/binary"
	"time"
)

// Kinds of TCP options.
const (
	tcpOptEnd           = 0
	tcpOptNop           = 1
	tcpOptMSS           = 2
	tcpOptWScale        = 3  // RFC 7323 section 2
	tcpOptSACKPermitted = 4  // RFC 2018 section 2
	tcpOptSACK          = 5  // RFC 2018 section 3
	tcpOptTimestamps    = 8  // RFC 7323 section 3
	tcpOptUserTimeout   = 28 // RFC 5482 section 3
)

const (
	maxTCPOptions = 40
	maxWScale     = 14 // RFC 7323 section 2.3
)

// SackBlock is a run of received bytes: Start is its first sequence number, End the one after its last.
type SackBlock struct{ Start, End uint32 }

// TCPOptions are the options of a segment. The zero value has none.
type TCPOptions struct {
	MSS           uint16 // bytes; 0: absent
	WScale        uint8  // shift count, at most 14
	HasWScale     bool
	SACKPermitted bool
	HasTS         bool
	TSVal, TSEcr  uint32
	NSack         int // used blocks of Sack
	Sack          [4]SackBlock
	UserTimeout   time.Duration // whole seconds, or minutes above 32767 s; 0: absent
}

// Parse replaces o by the options in b, the bytes between the fixed header and the payload.
// Options that are unknown, or known with a wrong length, are skipped; an option that
// runs past the end, or has a length below 2, ends the list (RFC 9293 section 3.1).
func (o *TCPOptions) Parse(b []byte) {
	*o = TCPOptions{}
	// What nearly every segment carries (RFC 7323 appendix A): NOP, NOP, timestamps.
	if len(b) == 12 && binary.BigEndian.Uint32(b) == 0x0101080a {
		o.HasTS, o.TSVal, o.TSEcr = true, binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
		return
	}
	for len(b) > 0 && b[0] != tcpOptEnd {
		if b[0] == tcpOptNop {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return
		}
		o.parseOne(b[0], b[2:b[1]])
		b = b[b[1]:]
	}
}

func (o *TCPOptions) parseOne(kind uint8, v []byte) {
	switch {
	case kind == tcpOptMSS && len(v) == 2:
		o.MSS = binary.BigEndian.Uint16(v)
	case kind == tcpOptWScale && len(v) == 1:
		o.HasWScale, o.WScale = true, min(v[0], maxWScale)
	case kind == tcpOptSACKPermitted && len(v) == 0:
		o.SACKPermitted = true
	case kind == tcpOptTimestamps && len(v) == 8:
		o.HasTS, o.TSVal, o.TSEcr = true, binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])
	case kind == tcpOptSACK && len(v)%8 == 0:
		o.parseSack(v)
	case kind == tcpOptUserTimeout && len(v) == 2:
		o.UserTimeout = userTimeout(binary.BigEndian.Uint16(v))
	}
}

func (o *TCPOptions) parseSack(v []byte) {
	for o.NSack = 0; len(v) >= 8 && o.NSack < len(o.Sack); o.NSack++ {
		o.Sack[o.NSack] = SackBlock{binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])}
		v = v[8:]
	}
}

// userTimeout reads the granularity bit and the count of RFC 5482 section 3.
func userTimeout(v uint16) time.Duration {
	if v&0x8000 != 0 {
		return time.Duration(v&0x7fff) * time.Minute
	}
	return time.Duration(v) * time.Second
}

func userTimeoutField(d time.Duration) uint16 {
	if s := d / time.Second; s <= 0x7fff {
		return uint16(s)
	}
	return 0x8000 | uint16(min(d/time.Minute, 0x7fff))
}

// TCPOptionsLen returns the bytes that PutTCP needs for o, padding included: a multiple of 4, at most 40.
func TCPOptionsLen(o *TCPOptions) int {
	if o == nil {
		return 0
	}
	n := o.fixedLen()
	if k := o.sackRoom(n); k > 0 {
		n += 4 + 8*k
	}
	return n
}

// fixedLen is the length of everything but the SACK blocks.
func (o *TCPOptions) fixedLen() (n int) {
	if o.MSS != 0 {
		n += 4
	}
	if o.HasWScale {
		n += 4
	}
	switch {
	case o.HasTS:
		n += 12
	case o.SACKPermitted:
		n += 4
	}
	if o.UserTimeout != 0 {
		n += 4
	}
	return n
}

// sackRoom is how many SACK blocks fit beside n bytes of other options.
func (o *TCPOptions) sackRoom(n int) int {
	return max(min(o.NSack, len(o.Sack), (maxTCPOptions-n-4)/8), 0)
}

// put writes the options, each group padded in front to 4 bytes. Blocks that do not fit are left out.
func (o *TCPOptions) put(b []byte) int {
	n := 0
	if o.MSS != 0 {
		b[n], b[n+1] = tcpOptMSS, 4
		binary.BigEndian.PutUint16(b[n+2:], o.MSS)
		n += 4
	}
	if o.HasWScale {
		b[n], b[n+1], b[n+2], b[n+3] = tcpOptNop, tcpOptWScale, 3, o.WScale
		n += 4
	}
	n += o.putTimestamps(b[n:])
	if o.UserTimeout != 0 {
		b[n], b[n+1] = tcpOptUserTimeout, 4
		binary.BigEndian.PutUint16(b[n+2:], userTimeoutField(o.UserTimeout))
		n += 4
	}
	return n + o.putSack(b[n:], o.sackRoom(n))
}

// putTimestamps writes the timestamps option behind the SACK-permitted option or padding.
func (o *TCPOptions) putTimestamps(b []byte) int {
	if !o.HasTS && !o.SACKPermitted {
		return 0
	}
	b[0], b[1] = tcpOptNop, tcpOptNop
	if o.SACKPermitted {
		b[0], b[1] = tcpOptSACKPermitted, 2
	}
	if !o.HasTS {
		b[2], b[3] = tcpOptNop, tcpOptNop
		return 4
	}
	b[2], b[3] = tcpOptTimestamps, 10
	binary.BigEndian.PutUint32(b[4:], o.TSVal)
	binary.BigEndian.PutUint32(b[8:], o.TSEcr)
	return 12
}

func (o *TCPOptions) putSack(b []byte, k int) int {
	if k == 0 {
		return 0
	}
	b[0], b[1], b[2], b[3] = tcpOptNop, tcpOptNop, tcpOptSACK, uint8(2+8*k)
	for i, block := range o.Sack[:k] {
		binary.BigEndian.PutUint32(b[4+8*i:], block.Start)
		binary.BigEndian.PutUint32(b[8+8*i:], block.End)
	}
	return 4 + 8*k
}
