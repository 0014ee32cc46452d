package stack

import (
	"fmt"
	"testing"

	"ringstack/stack/wire"
)

// piece is a fragment of a datagram of wholeUDP bytes: [from, to), not the last one if more. spoil changes its bytes.
type piece struct {
	from, to int
	more     bool
	spoil    bool
	id       int
}

const wholeUDP = 1608

// fragment sends a piece of a datagram to port 53.
func (s *station) fragment(six bool, p piece) {
	src, dst := station4, s.a.v4
	if six {
		src, dst = station6, s.a.v6
	}
	whole := append(udp(src, dst, 1, 53, string(make([]byte, wholeUDP-wire.UDPLen))), make([]byte, 66000)...)
	data := append([]byte{}, whole[p.from:p.to]...)
	if p.spoil {
		data[len(data)-1] ^= 1
	}
	if !six {
		s.ip4(wire.IPv4{Src: src, Dst: dst, Proto: wire.ProtoUDP, ID: uint16(p.id), FragOffset: p.from, MF: p.more}, data)
		return
	}
	field := p.from
	if p.more {
		field |= 1
	}
	h := []byte{wire.ProtoUDP, 0, byte(field >> 8), byte(field), 0, 0, 0, byte(p.id)}
	s.ip6(wire.IPv6{Src: src, Dst: dst, Next: wire.ProtoFragment, HopLimit: 64}, append(h, data...))
}

// TestFragments: a datagram arrives whole or not at all.
func TestFragments(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces []piece
		whole  int
		drops  uint64
	}{
		{"in order (RFC 791 section 3.2)", []piece{{from: 0, to: 800, more: true}, {from: 800, to: 1608}}, 1, 0},
		{"last first (RFC 815)", []piece{{from: 800, to: 1608}, {from: 0, to: 800, more: true}}, 1, 0},
		{"middle last (RFC 815)", []piece{{from: 0, to: 400, more: true}, {from: 800, to: 1608}, {from: 400, to: 800, more: true}}, 1, 0},
		{"tiny pieces", []piece{{from: 0, to: 8, more: true}, {from: 8, to: 16, more: true}, {from: 16, to: 1608}}, 1, 0},
		{"exact duplicate (RFC 8200 section 4.5)", []piece{{from: 0, to: 800, more: true}, {from: 0, to: 800, more: true}, {from: 800, to: 1608}}, 1, 1},
		{"duplicate with other bytes (RFC 5722)", []piece{{from: 0, to: 800, more: true}, {from: 0, to: 800, more: true, spoil: true}, {from: 800, to: 1608}}, 0, 2},
		{"overlap (RFC 5722 section 4)", []piece{{from: 0, to: 800, more: true}, {from: 400, to: 1608}, {from: 800, to: 1608}}, 0, 2},
		{"overlap at the left edge (RFC 5722 section 4)", []piece{{from: 8, to: 800, more: true}, {from: 0, to: 16, more: true}, {from: 800, to: 1608}}, 0, 2},
		{"teardrop: an end inside another", []piece{{from: 0, to: 800, more: true}, {from: 24, to: 28}, {from: 800, to: 1608}}, 0, 2},
		{"covering all (RFC 1858)", []piece{{from: 400, to: 800, more: true}, {from: 0, to: 1600, more: true}, {from: 1600, to: 1608}}, 0, 2},
		{"two ends", []piece{{from: 800, to: 1608}, {from: 800, to: 1600}, {from: 0, to: 800, more: true}}, 0, 2},
		{"data behind the end", []piece{{from: 800, to: 1608}, {from: 1608, to: 1616, more: true}, {from: 0, to: 800, more: true}}, 0, 2},
		{"ping of death", []piece{{from: 0, to: 800, more: true}, {from: 65528, to: 65608}}, 0, 1},
		{"no data", []piece{{from: 8, to: 8, more: true}}, 0, 1},
		{"odd length in the middle (RFC 8200 section 4.5)", []piece{{from: 0, to: 801, more: true}}, 0, 1},
		{"two datagrams apart", []piece{{from: 0, to: 800, more: true, id: 1}, {from: 800, to: 1608, id: 2}}, 0, 0},
		{"two datagrams in turn", []piece{{from: 0, to: 800, more: true, id: 1}, {from: 0, to: 800, more: true, id: 2}, {from: 800, to: 1608, id: 2}, {from: 800, to: 1608, id: 1}}, 2, 0},
		{"atomic beside fragments of the same id (RFC 6946 section 4)", []piece{{from: 0, to: 800, more: true}, {from: 0, to: 1608}, {from: 800, to: 1608}}, 2, 0},
	} {
		for _, six := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, IPv6 %v", c.name, six), func(t *testing.T) {
				s := newStation(t, nil)
				s.known()
				s.a.open(Ends{LocalPort: 53})
				for _, p := range c.pieces {
					s.fragment(six, p)
				}
				if len(s.a.log) != c.whole || s.a.count(IPFragmentDrops) != c.drops || s.a.count(UDPBadSum) != 0 {
					t.Errorf("%q, %d dropped", s.a.log, s.a.count(IPFragmentDrops))
				}
			})
		}
	}
}

// A sender that fills the table does not keep another's datagram from being completed.
func TestFragmentFlood(t *testing.T) {
	s := newStation(t, nil)
	s.known()
	s.a.open(Ends{LocalPort: 53})
	s.fragment(true, piece{from: 0, to: 800, more: true})
	for id := range 5000 {
		s.fragment(false, piece{from: 0, to: 800, more: true, id: id})
	}
	s.fragment(true, piece{from: 800, to: 1608})
	if len(s.a.log) != 1 {
		t.Errorf("%q", s.a.log)
	}
}
