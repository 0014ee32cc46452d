package tcp

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"ringstack/stack/wire"
)

const flagNames = "FSRPAUEC"

func flagText(f uint8) string {
	var b strings.Builder
	for i, c := range flagNames {
		if f&(1<<i) != 0 && c != 'P' {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func flagBits(text string) (bits uint8, ok bool) {
	for _, c := range text {
		i := strings.IndexRune(flagNames, c)
		if i < 0 {
			return 0, false
		}
		bits |= 1 << i
	}
	return bits, text != ""
}

// describe writes a segment of ours as an expectation would.
func (s *script) describe(seg *sentSegment) string {
	p := s.to(seg.h.DstPort)
	seq := seg.h.Seq - p.iss
	text := fmt.Sprintf("%s %d", flagText(seg.h.Flags), int32(seq))
	if seg.n > 0 {
		text += fmt.Sprintf(":%d", seq+uint32(seg.n))
	}
	if seg.h.Flags&wire.ACK != 0 {
		text += fmt.Sprintf(" ack %d", int32(seg.h.Ack-peerISN))
	}
	if seg.h.DstPort != peerPort {
		text += fmt.Sprintf(" to %d", seg.h.DstPort)
	}
	return text
}

// details are what an expectation may name beside: key=value, or a bare key for what is there or not.
func (s *script) details(seg *sentSegment) map[string]string {
	o := &seg.o
	d := map[string]string{
		"win": strconv.Itoa(int(seg.h.Window)), "ecn": strconv.Itoa(int(seg.ecn)),
		"mss": strconv.Itoa(int(o.MSS)), "ws": "none", "sack": s.blocks(o, peerISN),
		"sackok": fmt.Sprint(o.SACKPermitted), "ts": "none",
	}
	if o.HasWScale {
		d["ws"] = strconv.Itoa(int(o.WScale))
	}
	if o.HasTS {
		d["ts"] = fmt.Sprint(int32(o.TSEcr))
	}
	return d
}

func (s *script) blocks(o *wire.TCPOptions, base uint32) string {
	var all []string
	for _, b := range o.Sack[:o.NSack] {
		all = append(all, fmt.Sprintf("%d:%d", b.Start-base, b.End-base))
	}
	if all == nil {
		return "none"
	}
	return strings.Join(all, ",")
}

// expect compares the next segment that was sent.
func (s *script) expect(args []string) {
	if len(s.wire) == 0 {
		s.Fatalf("nothing was sent")
	}
	seg := s.wire[0]
	s.wire = s.wire[1:]
	plain := len(args)
	for plain > 0 && strings.Contains(args[plain-1], "=") {
		plain--
	}
	if got, want := s.describe(&seg), strings.Join(args[:plain], " "); got != want {
		s.Fatalf("sent %q %v", got, s.details(&seg))
	}
	d := s.details(&seg)
	for _, a := range args[plain:] {
		key, value, _ := strings.Cut(a, "=")
		if d[key] != value {
			s.Fatalf("sent with %s=%s", key, d[key])
		}
	}
}

// inject gives the transport a segment of the peer: FLAGS SEQ[:END] [ack N] [options].
func (s *script) inject(args []string) {
	if len(args) < 2 {
		s.Fatal("no segment")
	}
	flags, ok := flagBits(args[0])
	if !ok {
		s.Fatalf("flags %q", args[0])
	}
	p := s.current()
	start, end, ranged := strings.Cut(args[1], ":")
	h := wire.TCP{SrcPort: s.peer, DstPort: ourPort, Seq: peerISN + s.number(start) + s.step, Flags: flags, Window: s.wnd}
	n := uint32(0)
	if ranged {
		n = s.number(end) - s.number(start)
	}
	args = args[2:]
	if len(args) >= 2 && args[0] == "ack" {
		h.Ack = p.iss + s.number(args[1])
		args = args[2:]
	}
	o := wire.TCPOptions{HasTS: p.ts || flags&wire.SYN != 0, TSVal: s.peerClock(), TSEcr: p.lastTS}
	if flags&wire.SYN != 0 {
		o = s.synOptions(p, args)
	}
	pk := Packet{Local: s.us, Remote: s.them, Checked: true}
	for _, a := range args {
		s.option(a, &h, &o, &pk)
	}
	b := make([]byte, 80+n)
	hl := wire.PutTCP(b, &h, &o)
	pk.Segment = b[:uint32(hl)+n]
	s.tcp.Input(&pk, s.now)
	s.tcp.Flush(s.now)
}

// peerClock is the peers' timestamp clock.
func (s *script) peerClock() uint32 { return 1000 + uint32(s.now/time.Millisecond) }

// synOptions: timestamps are asked for by name and used from then on.
func (s *script) synOptions(p *scriptPeer, args []string) (o wire.TCPOptions) {
	p.ts = false
	for _, a := range args {
		if a == "ts" {
			p.ts = true
			o.HasTS, o.TSVal, o.TSEcr = true, s.peerClock(), p.lastTS
		}
	}
	return o
}

func (s *script) option(a string, h *wire.TCP, o *wire.TCPOptions, pk *Packet) {
	key, value, _ := strings.Cut(a, "=")
	switch key {
	case "win":
		h.Window = uint16(s.number(value))
	case "urg":
		h.Urgent = uint16(s.number(value))
	case "mss":
		o.MSS = uint16(s.number(value))
	case "ws":
		o.HasWScale, o.WScale = true, uint8(s.number(value))
	case "sackok":
		o.SACKPermitted = true
	case "sack":
		for _, b := range strings.Split(value, ",") {
			start, end, _ := strings.Cut(b, ":")
			iss := s.current().iss
			o.Sack[o.NSack] = wire.SackBlock{Start: iss + s.number(start) + s.step, End: iss + s.number(end) + s.step}
			o.NSack++
		}
	case "ts": // in a SYN a bare word
		if value != "" {
			o.HasTS, o.TSVal = true, s.number(value)
		}
	case "ecr": // how long ago, in milliseconds, our segment was sent that is echoed
		o.TSEcr -= s.number(value)
	case "nots":
		o.HasTS = false
	case "ce":
		pk.ECN = wire.ECNCE
	case "ect":
		pk.ECN = wire.ECT0
	default:
		s.Fatalf("option %q", a)
	}
}

func (s *script) number(text string) uint32 {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		s.Fatal(err)
	}
	return uint32(n)
}
