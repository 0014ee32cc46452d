package stack

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// The sequences in testdata/oracle, one file a theme. A sequence begins with a line "== name". Each line after it is an event:
//
//	< FLAGS SEQ[:END] [ack N] [option ...]   the peer sends a segment
//	icmp WHAT [seq=N] [mtu=N]                an ICMP error about a segment of the stack: port, host, net, toobig or ttl
//	listen, connect, write N, hold, read, closewrite, close   calls of the application, which reads at once but after hold
//	accept [option ...], dial [option ...]   a handshake, passive or active
//	fill     the peer sends as much as the window takes; numbers begin anew behind it
//	+200ms   time passes
//
// Numbers count from the initial sequence numbers; edge is the right edge of the stack's window, max the highest number that the stack has sent,
// each with +N or -N. Options of a segment are win mss ws sackok ts[=value] nots ecr=N sack=a:b,c:d urg ce opt=HEX (the options, as they are)
// badsum off=N (header length in words) cut=N (bytes of the segment) alt (other bytes than were or will be sent at these numbers).
// Nothing is expected: both stacks have to do the same, or differ as the list of intended differences says.

// macros stand for several events.
var macros = map[string]func(args []string) string{
	"accept": func(args []string) string {
		return "listen\n< S 0 " + strings.Join(args, " ") + "\n+10ms\n< A 1 ack 1"
	},
	"dial": func(args []string) string { return "connect\n+10ms\n< SA 0 ack 1 " + strings.Join(args, " ") },
}

// place is a sequence number as a script says it.
type place struct {
	base   string // "", edge or max
	offset int
}

func (p place) in(v *view) uint32 {
	switch p.base {
	case "edge":
		return v.edge - v.base + uint32(p.offset)
	case "max":
		return v.max + uint32(p.offset)
	}
	return uint32(p.offset)
}

// spec is a segment of the peer.
type spec struct {
	flags     uint8
	seq, ack  place
	n         int
	win, urg  uint16
	opts      wire.TCPOptions
	ts        bool // a timestamp by name
	noTS      bool
	ecr       int // how much older the echoed timestamp is
	sack      [][2]int
	raw       []byte
	hasRaw    bool
	badSum    bool
	ce        bool
	alt       bool
	off, cut  int // -1: right
	fixedTime uint32
}

func (d *duel) number(text string) int {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		d.t.Fatal(err)
	}
	return int(n)
}

func (d *duel) place(text string) (p place) {
	for _, base := range []string{"edge", "max"} {
		if rest, ok := strings.CutPrefix(text, base); ok {
			if rest == "" {
				return place{base: base}
			}
			return place{base, d.number(rest)}
		}
	}
	return place{offset: d.number(text)}
}

func (d *duel) parse(words []string) *spec {
	s := &spec{win: 65535, off: -1, cut: -1}
	for _, c := range words[0] {
		if c != '-' {
			s.flags |= 1 << strings.IndexRune("FSRPAUEC", c)
		}
	}
	start, end, ranged := strings.Cut(words[1], ":")
	s.seq = d.place(start)
	if ranged {
		s.n = d.place(end).offset - s.seq.offset
	}
	words = words[2:]
	if len(words) > 1 && words[0] == "ack" {
		s.ack = d.place(words[1])
		words = words[2:]
	}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		d.option(s, key, value)
	}
	if before := d.native.state(); s.flags&wire.SYN != 0 && (before == tcp.Closed || before == tcp.SynSent || before == tcp.TimeWait) {
		d.ts, d.shift, d.widest = s.ts, min(s.opts.WScale, 14), 0
	}
	return s
}

func (d *duel) option(s *spec, key, value string) {
	switch key {
	case "win":
		s.win = uint16(d.number(value))
	case "urg":
		s.urg = uint16(d.number(value))
	case "mss":
		s.opts.MSS = uint16(d.number(value))
	case "ws":
		s.opts.HasWScale, s.opts.WScale = true, uint8(d.number(value))
	case "sackok":
		s.opts.SACKPermitted = true
	case "ts":
		if s.ts = true; value != "" {
			s.fixedTime = uint32(d.number(value))
		}
	case "nots":
		s.noTS = true
	case "ecr":
		s.ecr = d.number(value)
	case "sack":
		for _, b := range strings.Split(value, ",") {
			start, end, _ := strings.Cut(b, ":")
			s.sack = append(s.sack, [2]int{d.number(start), d.number(end)})
		}
	case "opt":
		b, err := hex.DecodeString(value)
		if err != nil {
			d.t.Fatal(err)
		}
		s.raw, s.hasRaw = b, true
	case "ce":
		s.ce = true
	case "badsum":
		s.badSum = true
	case "alt":
		s.alt = true
	case "off":
		s.off = d.number(value)
	case "cut":
		s.cut = d.number(value)
	default:
		d.t.Fatalf("option %q", key)
	}
}

// clock is the peer's timestamp clock.
func (d *duel) clock() uint32 { return 1000 + uint32(d.now/time.Millisecond) }

// frame is a segment of the peer for one of the rivals.
func (d *duel) frame(c *corner, s *spec) []byte {
	seq := s.seq.in(&c.view)
	h := wire.TCP{SrcPort: peerPort, DstPort: rivalPort, Seq: peerISN + c.base + seq, Flags: s.flags, Window: s.win, Urgent: s.urg}
	if s.flags&wire.ACK != 0 {
		h.Ack = c.iss + s.ack.in(&c.view)
	}
	b := make([]byte, wire.TCPLen+40+s.n)
	n := wire.PutTCP(b, &h, d.options(c, s))
	if s.hasRaw {
		n = wire.TCPLen + (len(s.raw)+3)&^3
		copy(b[wire.TCPLen:n], make([]byte, 40))
		copy(b[wire.TCPLen:], s.raw)
		b[12] = uint8(n) << 2
	}
	copy(b[n:], streamBytes(seq-1, s.n))
	b = b[:n+s.n]
	if s.alt {
		for i := range b[n:] {
			b[n+i] ^= 0xff
		}
	}
	if s.off >= 0 {
		b[12] = uint8(s.off) << 4
	}
	if s.cut >= 0 {
		b = b[:s.cut]
	}
	return d.packet(wire.ProtoTCP, b, s.ce, s.badSum)
}

func (d *duel) options(c *corner, s *spec) *wire.TCPOptions {
	o := s.opts
	if (d.ts || s.ts) && !s.noTS {
		o.HasTS, o.TSVal, o.TSEcr = true, d.clock(), c.ts-uint32(s.ecr)
		if s.fixedTime != 0 {
			o.TSVal = s.fixedTime
		}
	}
	for _, b := range s.sack {
		o.Sack[o.NSack] = wire.SackBlock{Start: c.iss + uint32(b[0]), End: c.iss + uint32(b[1])}
		o.NSack++
	}
	return &o
}

// packet is a frame from the peer with a transport payload whose checksum it fills in, rightly or wrongly.
func (d *duel) packet(proto uint8, b []byte, ce, badSum bool) []byte {
	src, dst, header, kind := peer4, rival4, wire.IPv4Len, wire.EtherTypeIPv4
	if d.six {
		src, dst, header, kind = peer6, rival6, wire.IPv6Len, wire.EtherTypeIPv6
	}
	f := make([]byte, 14+header+len(b))
	wire.PutEthernet(f, &wire.Ethernet{Dst: rivalMAC, Src: stationMAC, Type: kind})
	copy(f[14+header:], b)
	tos := uint8(0)
	if ce {
		tos = wire.ECNCE
	}
	if d.six {
		wire.PutIPv6(f[14:], &wire.IPv6{Src: src, Dst: dst, Next: proto, HopLimit: 64, PayloadLen: len(b), TrafficClass: tos})
	} else {
		wire.PutIPv4(f[14:], &wire.IPv4{Src: src, Dst: dst, Proto: proto, TTL: 64, TotalLen: len(f) - 14, TOS: tos})
	}
	fixTransport(proto, f[14+header:], &src, &dst)
	if badSum {
		f[14+header+16] ^= 0x55
	}
	return f
}

// fill sends full segments up to the right edge of the window. The rivals' windows differ, so numbers begin anew behind it.
func (d *duel) fill(c *corner) {
	start := len(c.received())
	from := c.ack
	for c.ack != c.edge {
		n := int(min(c.edge-c.ack, 1000))
		before := c.ack
		c.input(d.frame(c, &spec{flags: wire.ACK, seq: place{offset: int(c.ack - c.base)}, n: n, ack: place{base: "max"}, win: 65535, off: -1, cut: -1}))
		c.describe(c.frames(), false)
		if c.ack == before || c.ack-from > 1<<22 {
			c.wrong += fmt.Sprintf("a segment of %d bytes in the window is not taken; ", n)
			return
		}
	}
	if len(c.received()) != start {
		c.wrong += "not held; "
	}
	c.base = c.ack - 1
	c.skipped = start + int(c.ack-from)
}
