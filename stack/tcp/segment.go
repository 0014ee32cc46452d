package tcp

import (
	"encoding/binary"

	"ringstack/stack/wire"
)

// segment is the received segment at work.
type segment struct {
	seq, ack         uint32
	end              uint32 // seq + length, SYN and FIN counted
	wnd              uint32 // as received: not scaled
	flags            uint8
	ecn              uint8
	srcPort, dstPort uint16
	data             []byte
	opts             wire.TCPOptions
}

// controlBits are the flags of which a plain data segment or acknowledgement has only ACK.
const controlBits = wire.FIN | wire.SYN | wire.RST | wire.ACK | wire.URG | wire.ECE | wire.CWR

// parse reads and checks a packet's segment; false when it was counted and dropped.
func (t *Transport) parse(p *Packet) bool {
	b := p.Segment
	if len(b) < wire.TCPLen {
		t.stats[RcvShort]++
		return false
	}
	n := int(b[12]>>4) * 4
	if n < wire.TCPLen || n > len(b) {
		t.stats[RcvBadOff]++
		return false
	}
	if !p.Checked && wire.Fold(wire.Sum(b, wire.PseudoSum(&p.Remote, &p.Local, wire.ProtoTCP, len(b)))) != 0xffff {
		t.stats[RcvBadSum]++
		return false
	}
	s := &t.seg
	s.srcPort = binary.BigEndian.Uint16(b)
	s.dstPort = binary.BigEndian.Uint16(b[2:])
	s.seq = binary.BigEndian.Uint32(b[4:])
	s.ack = binary.BigEndian.Uint32(b[8:])
	s.flags = b[13]
	s.wnd = uint32(binary.BigEndian.Uint16(b[14:]))
	s.ecn = p.ECN & 3
	s.data = b[n:]
	s.opts.Parse(b[wire.TCPLen:n])
	s.end = s.seq + uint32(len(s.data)) + uint32(s.flags&wire.FIN) + uint32(s.flags&wire.SYN>>1)
	return true
}

func (s *segment) has(flags uint8) bool { return s.flags&flags != 0 }

// control sends a segment without payload that nobody will repeat; false when no buffer was free.
func (t *Transport) control(f *flow, h *wire.TCP, o *wire.TCPOptions, ecn uint8) bool {
	ok := t.put(f, h, o, ecn)
	if !ok {
		t.stats[OutNoBuf]++
	}
	return ok
}

// put builds and sends a segment without payload; false when no buffer was free.
func (t *Transport) put(f *flow, h *wire.TCP, o *wire.TCPOptions, ecn uint8) bool {
	h.SrcPort, h.DstPort = f.localPort, f.remotePort
	b := t.net.Segment(&f.Route, wire.TCPLen+wire.TCPOptionsLen(o))
	if b == nil {
		return false
	}
	wire.PutTCP(b, h, o)
	t.net.Send(&f.Route, 0, ecn)
	t.stats[SndTotal]++
	return true
}
