package dispatch

import (
	"fmt"
	"testing"
)

// conversation is a flow as both of its sides write it.
type conversation struct {
	name              string
	six               bool
	proto             uint8
	local, remotePort int
}

// conversations are of each kind that dispatch tells apart, to a table of fragmentTable; n tells them from others.
func conversations(n int, leased uint16) (list []conversation) {
	for _, six := range []bool{false, true} {
		list = append(list,
			conversation{"shared port", six, ProtoUDP, 53, 4000 + n},
			conversation{"owned port", six, ProtoTCP, 80, 4000 + n},
			conversation{"pinned flow", six, ProtoTCP, 443, 7000},
			conversation{"leased port, TCP", six, ProtoTCP, int(leased) + n%LeaseSize, 80},
			conversation{"leased port, UDP", six, ProtoUDP, int(leased) + n%LeaseSize, 53},
			conversation{"nobody's port", six, ProtoUDP, 9, 4000 + n},
		)
	}
	return list
}

func (c conversation) transport(src, dst int) []byte {
	if c.proto == ProtoTCP {
		return tcpSegment(src, dst, tcpACK)
	}
	return udpDatagram(src, dst, []byte("some data"))
}

// received is a frame of the peer, sent a packet that answers it.
func (c conversation) received() []byte {
	b := c.transport(c.remotePort, c.local)
	if c.six {
		return ip6{next: c.proto}.frame(b)
	}
	return ip4{proto: c.proto}.frame(b)
}

func (c conversation) sent(id int) []byte {
	b := c.transport(c.local, c.remotePort)
	if c.six {
		return ip6{src: us6, dst: peer6, next: c.proto}.packet(b)
	}
	return ip4{src: us4, dst: peer4, proto: c.proto, id: id}.packet(b)
}

// Errors of a router on the way, about a packet.
func error4(kind uint8, quote []byte) []byte {
	return ip4{src: "203.0.113.9", proto: ProtoICMP}.frame(icmpMessage(kind, quote))
}

func error6(kind uint8, quote []byte) []byte {
	return ip6{src: "2001:db8:2::9", next: ProtoICMPv6}.frame(icmpMessage(kind, quote))
}

// TestErrorsFollowTheirFlow: an ICMP error about what we sent goes where the answer to it would go, also
// when the router quotes as little as it may.
func TestErrorsFollowTheirFlow(t *testing.T) {
	table, leased := fragmentTable(t, 0)
	met := map[string]bool{}
	for n := range 300 {
		for _, c := range conversations(n, leased) {
			home := decide(t, table, c.received())
			quote, complain, kinds := c.sent(n), error4, []uint8{3, 4, 5, 11, 12}
			header := ipv4MinLen
			if c.six {
				complain, kinds, header = error6, []uint8{1, 2, 3, 4}, ipv6Len
			}
			for _, kind := range kinds {
				for _, length := range []int{len(quote), header + 8, header + 4} {
					if got := decide(t, table, complain(kind, quote[:length])); got != home {
						t.Errorf("%+v, type %d, %d bytes quoted: %+v, want %+v", c, kind, length, got, home)
					}
				}
			}
			met[fmt.Sprint(c.name, home.Proc)] = true
		}
	}
	for proc := range 4 {
		if !met[fmt.Sprint("shared port", proc)] {
			t.Errorf("no flow of the shared port was proc %d's", proc)
		}
	}
}

// TestErrorsAboutFragments: the first fragment tells the flow, the others and what has no ports only the two ends.
func TestErrorsAboutFragments(t *testing.T) {
	table, leased := fragmentTable(t, 0)
	for _, c := range conversations(7, leased) {
		b := c.transport(c.local, c.remotePort)
		home := decide(t, table, c.received())
		var first, later []byte
		var stranger Verdict
		if c.six {
			piece := func(at int) []byte {
				return error6(2, ip6{src: us6, dst: peer6, next: ipv6Fragment, ext: fragExt(c.proto, at, true, 1)}.packet(b))
			}
			first, later = piece(0), piece(1232)
			stranger = decide(t, table, ip6{next: ProtoICMPv6}.frame(icmpMessage(129, nil)))
		} else {
			piece := func(field int) []byte {
				return error4(3, ip4{src: us4, dst: peer4, proto: c.proto, frag: field}.packet(b))
			}
			first, later = piece(ipv4MoreFrags), piece(ipv4MoreFrags|185)
			stranger = decide(t, table, ip4{proto: ProtoICMP}.frame(icmpMessage(0, nil)))
		}
		if got := decide(t, table, first); got != home {
			t.Errorf("%+v: %+v, want %+v", c, got, home)
		}
		if got := decide(t, table, later); got != stranger {
			t.Errorf("%+v, a later fragment: %+v, want %+v", c, got, stranger)
		}
	}
}

// TestErrorsAboutEchoes: they go where the echo reply would go.
func TestErrorsAboutEchoes(t *testing.T) {
	table, _ := fragmentTable(t, 0)
	for host := range 50 {
		peer4, peer6 := fmt.Sprintf("198.51.100.%d", 1+host), fmt.Sprintf("2001:db8:1::%x", 1+host)
		reply := decide(t, table, ip4{src: peer4, proto: ProtoICMP}.frame(icmpMessage(0, nil)))
		if got := decide(t, table, error4(11, ip4{src: us4, dst: peer4, proto: ProtoICMP}.packet(icmpMessage(8, nil)))); got != reply {
			t.Errorf("%s: %+v, its reply %+v", peer4, got, reply)
		}
		reply = decide(t, table, ip6{src: peer6, next: ProtoICMPv6}.frame(icmpMessage(129, nil)))
		if got := decide(t, table, error6(3, ip6{src: us6, dst: peer6, next: ProtoICMPv6}.packet(icmpMessage(128, nil)))); got != reply {
			t.Errorf("%s: %+v, its reply %+v", peer6, got, reply)
		}
	}
}

// TestErrorsThatQuoteNothingOfOurs are dropped: they would reach a stack that has to take them for forged.
func TestErrorsThatQuoteNothingOfOurs(t *testing.T) {
	_, leased := fragmentTable(t, 0)
	for _, c := range conversations(7, leased) {
		quote, complain, header := c.sent(7), error4, ipv4MinLen
		if c.six {
			complain, header = error6, ipv6Len
		}
		wrongWay := c.received()[etherLen:]
		for name, quote := range map[string][]byte{
			"the wrong direction": wrongWay, "a cut port": quote[:header+3], "no ports": quote[:header], "a cut header": quote[:header-1], "nothing": nil,
		} {
			var p Packet
			if got := p.Parse(complain(3, quote)); got != ReasonBadQuote {
				t.Errorf("%+v, %s: %v", c, name, got)
			}
		}
	}
}
