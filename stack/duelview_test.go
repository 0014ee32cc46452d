package stack

import (
	"fmt"
	"strings"

	"ringstack/stack/wire"
)

// peerISN is the peer's first sequence number: numbers wrap early.
const peerISN = 1<<32 - 600

// view is what the peer knows of the stack's end of the connection.
type view struct {
	iss                uint32 // of the stack
	synced             bool   // iss is known
	max                uint32 // highest number it has sent, from iss
	ack                uint32 // what it expects, from peerISN
	edge               uint32 // right edge of its window, from peerISN
	scale              uint8  // of its windows
	scaled             bool   // both have said so
	ts                 uint32 // its last timestamp
	wrong              string
	rounds             bool   // its windows are rounded down
	rounded            bool   // its window has moved back by less than a unit
	halfOpen, unscaled bool   // it has not scaled a window while half-open
	base               uint32 // added to the peer's sequence numbers after fill
	skipped            int    // bytes received up to then
}

func (v *view) forget() { *v = view{rounds: v.rounds} }

// rcvNxt is the sequence number that the stack expects, as the script counts.
func (v *view) rcvNxt() uint32 { return v.ack - v.base }

// said is a segment of the stack.
type said struct {
	flags      uint8
	seq, end   uint32
	ack        uint32
	text       string // options and the like
	other      string // not of the connection
	repetition bool
}

// describe turns frames into a text in which only what matters is left: numbers count from the first ones, segments that continue each other are
// one, and so are acknowledgements of which the last says all. quiet leaves out retransmissions: when they come is each stack's own affair.
func (c *corner) describe(frames [][]byte, quiet bool) string {
	var all []said
	for _, f := range frames {
		s := c.read(f)
		if quiet && s.repetition {
			continue
		}
		if n := len(all); n > 0 && all[n-1].join(&s) {
			continue
		}
		all = append(all, s)
	}
	var texts []string
	for i := range all {
		texts = append(texts, all[i].String())
	}
	return strings.Join(texts, ", ")
}

// join adds the next segment to s where the two say no more than one would.
func (s *said) join(next *said) bool {
	const plain = wire.ACK | wire.PSH | wire.FIN
	if s.other != "" || next.other != "" || (s.flags|next.flags)&^plain != 0 {
		return false
	}
	switch {
	case s.end == next.seq && s.flags&wire.FIN == 0: // continues, or is an acknowledgement before data
		s.end, s.ack, s.flags, s.text = next.end, next.ack, s.flags|next.flags, next.text
	case next.seq == next.end && next.seq == s.end: // an acknowledgement behind a FIN
		s.ack, s.text = next.ack, next.text
	default:
		return false
	}
	return true
}

func (s *said) String() string {
	if s.other != "" {
		return s.other
	}
	text := ""
	for i, f := range "FSRPAUEC" {
		if s.flags&(1<<i) != 0 && f != 'P' {
			text += string(f)
		}
	}
	text += fmt.Sprintf(" %d", int32(s.seq))
	if s.end != s.seq {
		text += fmt.Sprintf(":%d", int32(s.end))
	}
	if s.flags&wire.ACK != 0 {
		text += fmt.Sprintf(" ack %d", int32(s.ack))
	}
	return text + s.text
}

// read parses a frame and learns from it.
func (c *corner) read(f []byte) said {
	e, _ := wire.ParseEthernet(f)
	b := f[e.HeaderLen:]
	proto, payload, sum := uint8(0), []byte(nil), uint32(0)
	switch e.Type {
	case wire.EtherTypeIPv4:
		h, _ := wire.ParseIPv4(b)
		proto, payload = h.Proto, b[h.HeaderLen:h.TotalLen]
		sum = wire.PseudoSum(&h.Src, &h.Dst, proto, len(payload))
	case wire.EtherTypeIPv6:
		h, _ := wire.ParseIPv6(b)
		chain, _ := wire.WalkIPv6(b)
		proto, payload = chain.Proto, b[chain.Offset:]
		sum = wire.PseudoSum(&h.Src, &h.Dst, proto, len(payload))
	}
	if proto != wire.ProtoTCP {
		return said{other: describe(f)}
	}
	if wire.Fold(wire.Sum(payload, sum)) != 0xffff {
		c.wrong += "a wrong checksum; "
	}
	return c.readTCP(payload)
}

func (c *corner) readTCP(b []byte) (s said) {
	h, _ := wire.ParseTCP(b)
	var o wire.TCPOptions
	o.Parse(b[wire.TCPLen:h.HeaderLen])
	data := b[h.HeaderLen:]
	if h.Flags&wire.SYN != 0 && (!c.synced || h.Seq != c.iss) {
		c.iss, c.synced, c.max, c.edge, c.scaled = h.Seq, true, 0, 0, false
	}
	s = said{flags: h.Flags, seq: h.Seq - c.iss, ack: h.Ack - peerISN - c.base}
	s.end = s.seq + uint32(len(data))
	s.text = c.readOptions(&h, &o)
	if h.Flags&wire.RST != 0 { // its options do not matter
		if s.text = ""; h.Seq == 0 {
			s.seq, s.end, s.text = 0, 0, " at 0"
		}
		return s
	}
	c.checkData(s.seq, data)
	reach := s.end + uint32(h.Flags&wire.FIN) + uint32(h.Flags&wire.SYN)>>1
	s.repetition = reach != s.seq && int32(reach-c.max) <= 0
	if int32(reach-c.max) > 0 {
		c.max = reach
	}
	if h.Flags&wire.ACK != 0 {
		c.readWindow(&h)
		if h.Flags&wire.SYN == 0 && h.Window == 0 {
			s.text += " win=0"
		}
	}
	return s
}

func (c *corner) readOptions(h *wire.TCP, o *wire.TCPOptions) (text string) {
	if h.Flags&wire.SYN != 0 {
		if o.MSS != 0 {
			text += " mss"
		}
		if o.HasWScale {
			text += " ws"
			c.scale = o.WScale
		}
		if o.SACKPermitted {
			text += " sackok"
		}
		if h.Flags&wire.ACK != 0 {
			c.scaled = o.HasWScale
		}
	}
	if o.HasTS {
		text += fmt.Sprintf(" ecr=%d", int32(o.TSEcr))
		c.ts = o.TSVal
	}
	for i, b := range o.Sack[:o.NSack] {
		text += fmt.Sprintf("%s%d:%d", []string{" sack=", ","}[min(i, 1)], b.Start-peerISN-c.base, b.End-peerISN-c.base)
	}
	return text
}

// checkData: what a stack sends is what its application wrote.
func (c *corner) checkData(seq uint32, data []byte) {
	if int32(seq) <= 0 {
		return // a probe: its byte is known
	}
	for i, b := range data {
		if b != streamByte(seq-1+uint32(i)) {
			c.wrong += "sends other bytes; "
			return
		}
	}
}

// readWindow follows the right edge of the window: it must not move back (RFC 9293 section 3.8.6).
func (c *corner) readWindow(h *wire.TCP) {
	c.ack = h.Ack - peerISN
	window := uint32(h.Window)
	if c.scaled && h.Flags&wire.SYN == 0 {
		window <<= c.scale
	}
	edge := c.ack + window
	if c.rounds && c.halfOpen && int32(edge-c.edge) > 1<<c.scale {
		c.unscaled = true
		return
	}
	switch back := int32(c.edge - edge); {
	case c.edge == 0 || back <= 0:
	case back < 1<<c.scale && c.rounds:
		c.rounded = true
	default:
		c.wrong += fmt.Sprintf("takes %d bytes of window back; ", c.edge-edge)
	}
	c.edge = edge
}
