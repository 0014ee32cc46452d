package wire

import "testing"

// chain builds a packet of the extension headers hs, each of which names the next.
func chain(first uint8, hs ...[]byte) []byte {
	b := make([]byte, IPv6Len)
	n := 0
	for _, h := range hs {
		b = append(b, h...)
		n += len(h)
	}
	PutIPv6(b, &IPv6{Src: v6a, Dst: v6b, Next: first, PayloadLen: n})
	return b
}

func TestWalkIPv6(t *testing.T) {
	pad := func(next uint8) []byte { return []byte{next, 0, 1, 4, 0, 0, 0, 0} }
	option := func(next, kind uint8) []byte { return []byte{next, 0, 0, kind, 3, 0, 0, 0} }
	many := make([][]byte, 9)
	for i := range many {
		many[i] = pad(ProtoDestination)
	}
	for _, c := range []struct {
		name  string
		b     []byte
		fault ChainFault
		at    int // of the fault, or where the walk ends
		proto uint8
	}{
		{"none", chain(ProtoTCP), ChainFine, 40, ProtoTCP},
		{"no next header", chain(ProtoNoNext, []byte{1}), ChainFine, 40, ProtoNoNext},
		{"three", chain(ProtoHopByHop, pad(ProtoDestination), pad(ProtoRouting), []byte{ProtoUDP, 0, 0, 0, 0, 0, 0, 0}), ChainFine, 64, ProtoUDP},
		{"long header", chain(ProtoDestination, append([]byte{ProtoUDP, 1, 1, 12}, make([]byte, 12)...)), ChainFine, 56, ProtoUDP},
		{"router alert", chain(ProtoHopByHop, []byte{ProtoICMPv6, 0, 5, 2, 0, 0, 1, 0}), ChainFine, 48, ProtoICMPv6},
		{"first fragment", chain(ProtoFragment, []byte{ProtoDestination, 0, 0, 1, 0, 0, 0, 1}, pad(6)), ChainFine, 48, ProtoDestination},
		{"atomic fragment", chain(ProtoFragment, []byte{ProtoDestination, 0, 0, 0, 0, 0, 0, 1}, pad(6)), ChainFine, 56, ProtoTCP},
		{"truncated", chain(ProtoDestination, pad(6)[:7]), ChainTruncated, 0, 0},
		{"truncated length", chain(ProtoDestination, []byte{6, 1, 1, 4, 0, 0, 0, 0}), ChainTruncated, 0, 0},
		{"hop-by-hop late", chain(ProtoDestination, pad(ProtoHopByHop), pad(6)), ChainUnknownNext, 40, 0},
		{"segments left", chain(ProtoRouting, []byte{6, 0, 0, 1, 0, 0, 0, 0}), ChainBadField, 42, 0},
		{"two fragment headers", chain(ProtoFragment, make([]byte, 8), []byte{6, 0, 0, 0, 0, 0, 0, 0})[:56], ChainUnknownNext, 40, 0},
		{"nested fragment", chain(ProtoFragment, []byte{ProtoFragment, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 8)), ChainBadField, 40, 0},
		{"option to skip", chain(ProtoDestination, option(6, 0x3e)), ChainFine, 48, ProtoTCP},
		{"option to discard", chain(ProtoDestination, option(6, 0x7e)), ChainDiscard, 43, 0},
		{"option to report", chain(ProtoDestination, option(6, 0xbe)), ChainUnknownOption, 43, 0},
		{"option to report unless group", chain(ProtoHopByHop, option(6, 0xfe)), ChainUnknownUnlessGroup, 43, 0},
		{"option past its header", chain(ProtoDestination, []byte{6, 0, 1, 5, 0, 0, 0, 0}), ChainBadField, 42, 0},
		{"option without length", chain(ProtoDestination, []byte{6, 0, 0, 0, 0, 0, 0, 1}), ChainBadField, 47, 0},
		{"nine", chain(ProtoDestination, many...), ChainTooLong, 0, 0},
	} {
		got, fault := WalkIPv6(c.b)
		switch {
		case fault != c.fault:
			t.Errorf("%s: fault %d", c.name, fault)
		case fault == ChainFine && (got.Offset != c.at || got.Proto != c.proto || c.b[got.NextAt] != c.proto):
			t.Errorf("%s: %+v", c.name, got)
		case fault != ChainFine && got.FaultAt != c.at:
			t.Errorf("%s: fault at %d", c.name, got.FaultAt)
		}
	}
}

func FuzzPacket(f *testing.F) {
	f.Add(chain(ProtoHopByHop, []byte{ProtoICMPv6, 0, 5, 2, 0, 0, 1, 0}, make([]byte, 30)))
	f.Add(chain(ProtoFragment, make([]byte, 8)))
	b := make([]byte, 60)
	PutIPv4(b, &IPv4{Src: v4a, Dst: v4b, Proto: ProtoUDP, TotalLen: 60})
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		ParseEthernet(b)
		ParseARP(b)
		ParseQuote(b)
		ParseUDP(b)
		ParseNeighbor(b)
		ParseRouterAdvert(b)
		ParseRedirect(b)
		ParseIGMPQuery(b)
		ParseMLDQuery(b)
		if h, ok := ParseIPv4(b); ok {
			CheckIPv4Options(b[IPv4Len:h.HeaderLen])
			out := make([]byte, IPv4Len)
			again := h
			again.HeaderLen = PutIPv4(out, &h)
			h.HeaderLen, again.TotalLen = IPv4Len, h.TotalLen
			var got IPv4
			got.fields(out)
			got.HeaderLen, got.TotalLen = IPv4Len, h.TotalLen
			if got != h {
				t.Errorf("%+v became %+v", h, got)
			}
		}
		if h, ok := ParseIPv6(b); ok {
			if c, fault := WalkIPv6(b[:IPv6Len+h.PayloadLen]); fault == ChainFine && c.Offset > IPv6Len+h.PayloadLen {
				t.Errorf("the walk ends at %d of %d", c.Offset, IPv6Len+h.PayloadLen)
			}
			out := make([]byte, len(b))
			copy(out, b)
			PutIPv6(out, &h)
			if got, ok := ParseIPv6(out); !ok || got != h {
				t.Errorf("%+v became %+v", h, got)
			}
		}
	})
}
