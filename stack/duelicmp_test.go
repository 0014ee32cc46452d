package stack

import (
	"encoding/binary"
	"strings"

	"ringstack/stack/wire"
)

// icmpKinds are types and codes of both versions.
var icmpKinds = map[string][2][2]uint8{
	"net":    {{3, 0}, {1, 0}},
	"host":   {{3, 1}, {1, 3}},
	"port":   {{3, 3}, {1, 4}},
	"toobig": {{3, 4}, {2, 0}},
	"ttl":    {{11, 0}, {3, 0}},
}

// icmp is an error about a segment of one of the rivals, from its peer.
func (d *duel) icmp(c *corner, words []string) []byte {
	seq, mtu := c.max, 0
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "seq":
			p := d.place(value)
			seq = p.in(&c.view)
		case "mtu":
			mtu = d.number(value)
		default:
			d.t.Fatalf("option %q", w)
		}
	}
	quote := d.quote(c, c.iss+seq)
	kind, proto, version := icmpKinds[words[0]], wire.ProtoICMP, 0
	if d.six {
		proto, version = wire.ProtoICMPv6, 1
	}
	b := append(make([]byte, wire.ICMPLen), quote...)
	b[0], b[1] = kind[version][0], kind[version][1]
	binary.BigEndian.PutUint32(b[4:], uint32(mtu))
	return d.packet(proto, b, false, false)
}

// quote is the start of a segment that the stack has sent, with 8 bytes of its TCP header and then some.
func (d *duel) quote(c *corner, seq uint32) []byte {
	t := make([]byte, wire.TCPLen)
	wire.PutTCP(t, &wire.TCP{SrcPort: rivalPort, DstPort: peerPort, Seq: seq, Flags: wire.ACK}, nil)
	if d.six {
		b := append(make([]byte, wire.IPv6Len), t...)
		wire.PutIPv6(b, &wire.IPv6{Src: rival6, Dst: peer6, Next: wire.ProtoTCP, HopLimit: 60, PayloadLen: len(t)})
		return b
	}
	b := append(make([]byte, wire.IPv4Len), t...)
	wire.PutIPv4(b, &wire.IPv4{Src: rival4, Dst: peer4, Proto: wire.ProtoTCP, TTL: 60, TotalLen: len(b), DF: true})
	return b
}
