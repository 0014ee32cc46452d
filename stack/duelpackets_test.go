package stack

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ringstack/stack/wire"
)

// packets says single frames to both rivals, as their neighbour.
type packets struct {
	*station
	native *nativeRival
	oracle *gvisorRival
}

func newPackets(t *testing.T) *packets {
	p := &packets{native: newNativeRival(t, false, false), oracle: newGvisorRival(t, false)}
	p.station = &station{host: &host{t: t}, a: p.native.host, now: p.native.now}
	p.native.capture = p.oracle.input // what the station says
	p.native.frames()
	p.oracle.frames()
	t.Cleanup(p.oracle.stop)
	return p
}

// outcome is what both said and told since the last call.
func (p *packets) outcome() (native, oracle string) {
	p.native.turn()
	text := func(r rival) string {
		var all []string
		for _, f := range r.frames() {
			all = append(all, describe(f))
		}
		return strings.Join(append(all, r.news()...), "; ")
	}
	return text(p.native), text(p.oracle)
}

// udp6 and udp4 are datagrams for the socket.
func datagram(src, dst wire.Addr, data string) []byte { return udp(src, dst, 1000, udpPort, data) }

func (p *packets) udp4(data string) {
	p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP}, datagram(peer4, rival4, data))
}

func (p *packets) udp6(data string) {
	p.ip6(wire.IPv6{Src: peer6, Dst: rival6, Next: wire.ProtoUDP, HopLimit: 64}, datagram(peer6, rival6, data))
}

// spoilt is a datagram of IPv4 with a change in its header before the checksum is made, and in its frame after.
func (p *packets) spoilt(before, after func(f []byte)) {
	b := make([]byte, wire.IPv4Len)
	payload := datagram(peer4, rival4, "spoilt")
	wire.PutIPv4(b, &wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP, TTL: 64, TotalLen: len(b) + len(payload)})
	f := p.ether(rivalMAC, wire.EtherTypeIPv4, append(b, payload...))
	if before != nil {
		before(f[14:])
		n := max(int(f[14]&15)*4, 20)
		f[14+10], f[14+11] = 0, 0
		binary.BigEndian.PutUint16(f[14+10:], ^wire.Fold(wire.Sum(f[14:14+n], 0)))
	}
	if after != nil {
		after(f)
	}
	p.say(f)
}

// chain6 is a datagram of IPv6 behind extension headers; next is the type of the first.
func (p *packets) chain6(next uint8, headers ...byte) {
	p.ip6(wire.IPv6{Src: peer6, Dst: rival6, Next: next, HopLimit: 64}, append(headers, datagram(peer6, rival6, "behind headers")...))
}

// fragments4 sends pieces of a datagram: each from, to and whether more follow.
func (p *packets) fragments4(id uint16, whole []byte, pieces ...[3]int) {
	for _, x := range pieces {
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP, ID: id, FragOffset: x[0], MF: x[2] != 0}, whole[x[0]:x[1]])
	}
}

func (p *packets) fragments6(id uint32, whole []byte, pieces ...[3]int) {
	for _, x := range pieces {
		b := make([]byte, wire.FragmentLen)
		wire.PutIPv6Fragment(b, &wire.IPv6Fragment{Next: wire.ProtoUDP, Offset: x[0], More: x[2] != 0, ID: id})
		p.ip6(wire.IPv6{Src: peer6, Dst: rival6, Next: wire.ProtoFragment, HopLimit: 64}, append(b, whole[x[0]:x[1]]...))
	}
}

var (
	big4   = datagram(peer4, rival4, strings.Repeat("0123456789abcdef", 100))
	big6   = datagram(peer6, rival6, strings.Repeat("0123456789abcdef", 100))
	other4 = v4(10, 0, 0, 77)
)

// packetCase is what a neighbour may send. differs names the row of testdata/differences.md when the rivals do not do the same.
type packetCase struct {
	name    string
	say     func(p *packets)
	differs string
}

var packetCases = []packetCase{
	{"UDP", func(p *packets) { p.udp4("hello"); p.udp6("hello"); p.udp4(""); p.udp6("") }, ""},
	{"UDP to a closed port", func(p *packets) {
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP}, udp(peer4, rival4, 1, 2, "x"))
		p.ip6(wire.IPv6{Src: peer6, Dst: rival6, Next: wire.ProtoUDP, HopLimit: 64}, udp(peer6, rival6, 1, 2, "x"))
	}, ""},
	{"UDP with a wrong checksum", func(p *packets) {
		for _, six := range []bool{false, true} {
			b := datagram(peer4, rival4, "x")
			b[7] ^= 1
			if six {
				p.ip6(wire.IPv6{Src: peer6, Dst: rival6, Next: wire.ProtoUDP, HopLimit: 64}, b)
			} else {
				p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP}, b)
			}
		}
	}, ""},
	{"UDP without checksum", func(p *packets) {
		b := datagram(peer4, rival4, "x")
		b[6], b[7] = 0, 0
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP}, b)
	}, ""},
	{"UDP over IPv6 without checksum", func(p *packets) {
		b := datagram(peer6, rival6, "x")
		b[6], b[7] = 0, 0
		p.ip6(wire.IPv6{Src: peer6, Dst: rival6, Next: wire.ProtoUDP, HopLimit: 64}, b)
	}, ""},
	{"UDP length too large", func(p *packets) {
		b := datagram(peer4, rival4, "x")
		b[5] = 20
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 17}, b)
	}, ""},
	{"UDP length too small", func(p *packets) {
		b := datagram(peer4, rival4, "x")
		b[5] = 7
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 17}, b)
	}, ""},
	{"UDP shorter than its packet", func(p *packets) {
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP}, append(datagram(peer4, rival4, "x"), 1, 2, 3, 4))
	}, ""},
	{"UDP header cut", func(p *packets) { p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP}, []byte{1, 2, 0, 53}) }, ""},
	{"UDP from port 0", func(p *packets) {
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP}, udp(peer4, rival4, 0, udpPort, "x"))
	}, ""},
	{"UDP to the broadcast address", func(p *packets) {
		p.ip4(wire.IPv4{Src: peer4, Dst: v4(10, 0, 0, 255), Proto: wire.ProtoUDP}, udp(peer4, v4(10, 0, 0, 255), 1, udpPort, "x"))
	}, ""},
	{"UDP to a group we are not in", func(p *packets) {
		g := v4(239, 1, 1, 1)
		p.ip4(wire.IPv4{Src: peer4, Dst: g, Proto: wire.ProtoUDP}, udp(peer4, g, 1, udpPort, "x"))
	}, ""},

	{"echo", func(p *packets) {
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 1}, icmp4(wire.ICMP{Type: 8, Rest: 77}, []byte("data")))
		p.icmp6(peer6, rival6, 64, []byte{128, 0, 0, 0, 0, 1, 0, 2, 9, 9})
	}, ""},
	{"echo without data", func(p *packets) { p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 1}, icmp4(wire.ICMP{Type: 8}, nil)) }, ""},
	{"echo with a wrong checksum", func(p *packets) { p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 1}, []byte{8, 0, 1, 1, 0, 0, 0, 0}) }, ""},
	{"echo with a code", func(p *packets) {
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 1}, icmp4(wire.ICMP{Type: 8, Code: 5}, nil))
	}, "echo with a code"},
	{"echo to the broadcast address", func(p *packets) {
		p.ip4(wire.IPv4{Src: peer4, Dst: v4(10, 0, 0, 255), Proto: 1}, icmp4(wire.ICMP{Type: 8}, nil))
	}, "echo to a broadcast address"},
	{"echo to all nodes", func(p *packets) { p.icmp6(station6, wire.AllNodes, 64, []byte{128, 0, 0, 0, 0, 1, 0, 2}) }, ""},
	{"timestamp request", func(p *packets) {
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 1}, icmp4(wire.ICMP{Type: 13}, make([]byte, 12)))
	}, ""},
	{"short ICMP", func(p *packets) { p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 1}, []byte{8, 0, 0xf7}) }, ""},
	{"ICMP error about nothing", func(p *packets) { p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 1}, icmp4(wire.ICMP{Type: 3}, nil)) }, ""},
	{"unknown ICMPv6 error and request", func(p *packets) {
		p.icmp6(peer6, rival6, 64, []byte{99, 0, 0, 0, 0, 0, 0, 0})
		p.icmp6(peer6, rival6, 64, []byte{199, 0, 0, 0, 0, 0, 0, 0})
	}, ""},

	{"IPv4: unknown protocol", func(p *packets) { p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 200}, make([]byte, 8)) }, ""},
	{"IPv4: header checksum", func(p *packets) { p.spoilt(nil, func(f []byte) { f[14+8]++ }) }, ""},
	{"IPv4: version", func(p *packets) { p.spoilt(func(b []byte) { b[0] = 0x55 }, nil) }, ""},
	{"IPv4: header of 16 bytes", func(p *packets) { p.spoilt(func(b []byte) { b[0] = 0x44 }, nil) }, ""},
	{"IPv4: longer than the frame", func(p *packets) { p.spoilt(func(b []byte) { b[3] += 5 }, nil) }, ""},
	{"IPv4: shorter than its header", func(p *packets) { p.spoilt(func(b []byte) { b[3] = 19 }, nil) }, ""},
	{"IPv4: padding", func(p *packets) {
		p.spoilt(func(b []byte) {}, nil)
		p.say(append(p.ether(rivalMAC, 0x800, ip4Packet("pad")), 0, 0, 0, 0))
	}, ""},
	{"IPv4: TTL 0", func(p *packets) { p.spoilt(func(b []byte) { b[8] = 0 }, nil) }, ""},
	{"IPv4: reserved flag", func(p *packets) { p.spoilt(func(b []byte) { b[6] = 0x80 }, nil) }, ""},
	{"IPv4: DF and MF", func(p *packets) { p.spoilt(func(b []byte) { b[6] = 0x60 }, nil) }, ""},
	{"IPv4: group as source", func(p *packets) { p.spoilt(func(b []byte) { b[12] = 239 }, nil) }, ""},
	{"IPv4: broadcast as source", func(p *packets) { p.spoilt(func(b []byte) { copy(b[12:], []byte{255, 255, 255, 255}) }, nil) }, ""},
	{"IPv4: loopback as source", func(p *packets) { p.spoilt(func(b []byte) { b[12] = 127 }, nil) }, ""},
	{"IPv4: our own address as source", func(p *packets) { p.spoilt(func(b []byte) { copy(b[12:], b[16:20]) }, nil) }, ""},
	{"IPv4: no address as source", func(p *packets) { p.spoilt(func(b []byte) { clear(b[12:16]) }, nil) }, ""},
	{"IPv4: loopback as destination", func(p *packets) { p.spoilt(func(b []byte) { copy(b[16:], []byte{127, 0, 0, 1}) }, nil) }, ""},
	{"IPv4: another's address", func(p *packets) { p.spoilt(func(b []byte) { b[19] = 50 }, nil) }, ""},
	{"IPv4: to us in a broadcast frame", func(p *packets) { p.spoilt(nil, func(f []byte) { copy(f, wire.BroadcastMAC[:]) }) }, "frame to all for one host"},
	{"IPv4: options", func(p *packets) {
		p.options4(1, 1, 1, 0)
		p.options4(7, 7, 4, 0, 0, 0, 0, 0)
		p.options4(68, 8, 5, 0, 0, 0, 0, 0)
		p.options4(148, 4, 0, 0)
	}, ""},
	{"IPv4: option of length 0", func(p *packets) { p.options4(7, 0, 4, 0) }, ""},
	{"IPv4: option past the end", func(p *packets) { p.options4(1, 1, 7, 9) }, ""},
	{"IPv4: unknown option", func(p *packets) { p.options4(30, 4, 9, 9) }, ""},
	{"IPv4: source route", func(p *packets) { p.options4(131, 7, 4, 10, 0, 0, 8, 0) }, "source route"},
	{"IPv4: record route with a bad pointer", func(p *packets) { p.options4(7, 7, 3, 0, 0, 0, 0, 0) }, "record route"},

	{"IPv4 fragments", func(p *packets) { p.fragments4(1, big4, [3]int{0, 800, 1}, [3]int{800, 1608, 0}) }, ""},
	{"IPv4 fragments from behind", func(p *packets) {
		p.fragments4(1, big4, [3]int{1200, 1608, 0}, [3]int{800, 1200, 1}, [3]int{0, 800, 1})
	}, ""},
	{"IPv4 fragments twice", func(p *packets) { p.fragments4(1, big4, [3]int{0, 800, 1}, [3]int{0, 800, 1}, [3]int{800, 1608, 0}) }, ""},
	{"IPv4 fragments overlap", func(p *packets) { p.fragments4(1, big4, [3]int{0, 800, 1}, [3]int{400, 1608, 0}) }, ""},
	{"IPv4 fragments overlap, then the rest", func(p *packets) {
		p.fragments4(1, big4, [3]int{0, 800, 1}, [3]int{792, 1200, 1}, [3]int{800, 1608, 0})
	}, ""},
	{"IPv4 fragment of odd length", func(p *packets) { p.fragments4(1, big4, [3]int{0, 803, 1}, [3]int{800, 1608, 0}) }, ""},
	{"IPv4 fragment past the longest packet", func(p *packets) {
		p.ip4(wire.IPv4{Src: peer4, Dst: rival4, Proto: 17, ID: 5, FragOffset: 65528}, make([]byte, 100))
	}, ""},
	{"IPv4 fragments with two ends", func(p *packets) {
		p.fragments4(1, big4, [3]int{800, 1608, 0}, [3]int{400, 800, 0}, [3]int{0, 800, 1})
	}, ""},
	{"IPv4 fragments of other IDs", func(p *packets) {
		p.fragments4(1, big4, [3]int{0, 800, 1})
		p.fragments4(2, big4, [3]int{800, 1608, 0})
	}, ""},
	{"IPv4 fragments of a closed port", func(p *packets) {
		whole := udp(peer4, rival4, 1, 2, strings.Repeat("x", 1000))
		p.fragments4(3, whole, [3]int{0, 504, 1}, [3]int{504, 1008, 0})
	}, ""},
	{"IPv4 fragment without data", func(p *packets) { p.fragments4(1, big4, [3]int{0, 0, 1}, [3]int{0, 800, 1}, [3]int{800, 1608, 0}) }, ""},

	{"IPv6: unknown next header", func(p *packets) { p.chain6(200) }, ""},
	{"IPv6: no next header", func(p *packets) { p.chain6(59) }, ""},
	{"IPv6: hop limit 0", func(p *packets) { p.ip6(wire.IPv6{Src: peer6, Dst: rival6, Next: 17}, datagram(peer6, rival6, "x")) }, ""},
	{"IPv6: group as source", func(p *packets) {
		p.ip6(wire.IPv6{Src: wire.AllNodes, Dst: rival6, Next: 17, HopLimit: 9}, datagram(wire.AllNodes, rival6, "x"))
	}, ""},
	{"IPv6: our own address as source", func(p *packets) {
		p.ip6(wire.IPv6{Src: rival6, Dst: rival6, Next: 17, HopLimit: 9}, datagram(rival6, rival6, "x"))
	}, ""},
	{"IPv6: no address as source", func(p *packets) {
		p.ip6(wire.IPv6{Dst: rival6, Next: 17, HopLimit: 9}, datagram(wire.Addr{}, rival6, "x"))
	}, "unspecified source"},
	{"IPv6: loopback as source", func(p *packets) {
		p.ip6(wire.IPv6{Src: wire.Loopback6, Dst: rival6, Next: 17, HopLimit: 9}, datagram(wire.Loopback6, rival6, "x"))
	}, ""},
	{"IPv6: loopback as destination", func(p *packets) {
		p.ip6(wire.IPv6{Src: peer6, Dst: wire.Loopback6, Next: 17, HopLimit: 9}, datagram(peer6, wire.Loopback6, "x"))
	}, ""},
	{"IPv6: mapped source", func(p *packets) {
		p.ip6(wire.IPv6{Src: peer4, Dst: rival6, Next: 17, HopLimit: 9}, datagram(peer4, rival6, "x"))
	}, ""},
	{"IPv6: to all nodes", func(p *packets) {
		p.ip6(wire.IPv6{Src: station6, Dst: wire.AllNodes, Next: 17, HopLimit: 9}, datagram(station6, wire.AllNodes, "x"))
	}, ""},
	{"IPv6: closed port, to all nodes", func(p *packets) {
		p.ip6(wire.IPv6{Src: station6, Dst: wire.AllNodes, Next: 17, HopLimit: 9}, udp(station6, wire.AllNodes, 1, 2, "x"))
	}, ""},
	{"IPv6: hop-by-hop padding", func(p *packets) { p.chain6(0, 17, 0, 1, 4, 0, 0, 0, 0) }, ""},
	{"IPv6: destination options", func(p *packets) { p.chain6(60, 17, 0, 1, 4, 0, 0, 0, 0) }, ""},
	{"IPv6: two destination headers", func(p *packets) { p.chain6(60, 60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0) }, ""},
	{"IPv6: hop-by-hop behind another", func(p *packets) { p.chain6(60, 0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0) }, ""},
	{"IPv6: unknown option, skip", func(p *packets) { p.chain6(60, 17, 0, 0x1e, 4, 0, 0, 0, 0) }, ""},
	{"IPv6: unknown option, drop", func(p *packets) { p.chain6(60, 17, 0, 0x5e, 4, 0, 0, 0, 0) }, ""},
	{"IPv6: unknown option, report", func(p *packets) { p.chain6(60, 17, 0, 0x9e, 4, 0, 0, 0, 0) }, ""},
	{"IPv6: unknown option, report unless group", func(p *packets) { p.chain6(60, 17, 0, 0xde, 4, 0, 0, 0, 0) }, ""},
	{"IPv6: option past the end", func(p *packets) { p.chain6(60, 17, 0, 1, 9, 0, 0, 0, 0) }, "malformed IPv6 option"},
	{"IPv6: header past the end", func(p *packets) { p.chain6(60, 17, 200, 1, 4, 0, 0, 0, 0) }, ""},
	{"IPv6: routing header, used up", func(p *packets) { p.chain6(43, 17, 0, 4, 0, 0, 0, 0, 0) }, ""},
	{"IPv6: routing header, not used up", func(p *packets) {
		p.chain6(43, 17, 2, 4, 1, 0, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7)
	}, ""},
	{"IPv6: routing header type 0", func(p *packets) {
		p.chain6(43, 17, 2, 0, 1, 0, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7)
	}, ""},
	{"IPv6: atomic fragment", func(p *packets) { p.chain6(44, 17, 0, 0, 0, 0, 0, 0, 9) }, ""},
	{"IPv6: payload longer than the frame", func(p *packets) {
		f := p.ether(rivalMAC, wire.EtherTypeIPv6, ip6Packet("long"))
		f[14+5] += 9
		p.say(f)
	}, ""},
	{"IPv6: version", func(p *packets) { f := p.ether(rivalMAC, wire.EtherTypeIPv6, ip6Packet("v")); f[14] = 0x50; p.say(f) }, ""},
	{"IPv6: in a group's frame", func(p *packets) {
		p.say(p.ether(wire.MulticastMAC(&wire.AllNodes), wire.EtherTypeIPv6, ip6Packet("g")))
	}, "frame to all for one host"},

	{"IPv6 fragments", func(p *packets) { p.fragments6(1, big6, [3]int{0, 800, 1}, [3]int{800, 1608, 0}) }, ""},
	{"IPv6 fragments from behind", func(p *packets) { p.fragments6(1, big6, [3]int{800, 1608, 0}, [3]int{0, 800, 1}) }, ""},
	{"IPv6 fragments overlap", func(p *packets) { p.fragments6(1, big6, [3]int{0, 800, 1}, [3]int{792, 1608, 0}, [3]int{800, 1608, 0}) }, ""},
	{"IPv6 fragments twice", func(p *packets) { p.fragments6(1, big6, [3]int{0, 800, 1}, [3]int{0, 800, 1}, [3]int{800, 1608, 0}) }, ""},
	{"IPv6 fragment of odd length", func(p *packets) { p.fragments6(1, big6, [3]int{0, 803, 1}) }, ""},
	{"IPv6 fragment past the longest packet", func(p *packets) {
		b := make([]byte, wire.FragmentLen+100)
		wire.PutIPv6Fragment(b, &wire.IPv6Fragment{Next: 17, Offset: 65528, ID: 3})
		p.ip6(wire.IPv6{Src: peer6, Dst: rival6, Next: 44, HopLimit: 64}, b)
	}, ""},
	{"IPv6 first fragment without all headers", func(p *packets) {
		b := make([]byte, wire.FragmentLen)
		wire.PutIPv6Fragment(b, &wire.IPv6Fragment{Next: 60, More: true, ID: 3})
		p.ip6(wire.IPv6{Src: peer6, Dst: rival6, Next: 44, HopLimit: 64}, append(b, 17, 200, 1, 4, 0, 0, 0, 0))
	}, "first fragment without all headers"},

	{"ARP request", func(p *packets) { p.arp(wire.ARPRequest, other4, rival4, stationMAC, wire.BroadcastMAC) }, ""},
	{"ARP request to us alone", func(p *packets) { p.arp(wire.ARPRequest, peer4, rival4, stationMAC, rivalMAC) }, ""},
	{"ARP request for another", func(p *packets) { p.arp(wire.ARPRequest, peer4, v4(10, 0, 0, 50), stationMAC, wire.BroadcastMAC) }, ""},
	{"ARP probe", func(p *packets) { p.arp(wire.ARPRequest, wire.Any4, rival4, stationMAC, wire.BroadcastMAC) }, ""},
	{"ARP reply that nobody asked for", func(p *packets) { p.arp(wire.ARPReply, other4, rival4, stationMAC, rivalMAC) }, ""},
	{"ARP with our address as sender", func(p *packets) { p.arp(wire.ARPRequest, rival4, rival4, stationMAC, wire.BroadcastMAC) }, "address conflict"},
	{"ARP from a group's address", func(p *packets) { p.arp(wire.ARPRequest, peer4, rival4, wire.BroadcastMAC, wire.BroadcastMAC) }, "group as Ethernet address in ARP"},
	{"ARP of an unknown operation", func(p *packets) { p.arp(9, peer4, rival4, stationMAC, wire.BroadcastMAC) }, ""},
	{"ARP cut", func(p *packets) { p.say(p.ether(rivalMAC, wire.EtherTypeARP, make([]byte, 27))) }, ""},
	{"ARP of other hardware", func(p *packets) {
		b := make([]byte, wire.ARPLen)
		wire.PutARP(b, &wire.ARP{Op: 1, SenderMAC: stationMAC, Sender: peer4, Target: rival4})
		b[1] = 6
		p.say(p.ether(rivalMAC, wire.EtherTypeARP, b))
	}, ""},

	{"solicitation", func(p *packets) {
		p.neighbor(wire.ICMPv6NeighborSolicit, peer6, rival6.SolicitedNode(), wire.Neighbor{Target: rival6, Options: wire.NDPOptions{HasSource: true, Source: stationMAC}})
	}, ""},
	{"solicitation to us alone, without address", func(p *packets) { p.neighbor(wire.ICMPv6NeighborSolicit, peer6, rival6, wire.Neighbor{Target: rival6}) }, ""},
	{"solicitation for another", func(p *packets) {
		p.neighbor(wire.ICMPv6NeighborSolicit, peer6, rival6.SolicitedNode(), wire.Neighbor{Target: wire.Addr{0: 0xfd, 15: 77}})
	}, ""},
	{"solicitation from no address", func(p *packets) {
		p.neighbor(wire.ICMPv6NeighborSolicit, wire.Addr{}, rival6.SolicitedNode(), wire.Neighbor{Target: rival6})
	}, ""},
	{"solicitation from no address, with an option", func(p *packets) {
		p.neighbor(wire.ICMPv6NeighborSolicit, wire.Addr{}, rival6.SolicitedNode(), wire.Neighbor{Target: rival6, Options: wire.NDPOptions{HasSource: true, Source: stationMAC}})
	}, ""},
	{"solicitation from afar", func(p *packets) {
		n := wire.Neighbor{Target: rival6}
		b := make([]byte, wire.NeighborLen(&n))
		wire.PutNeighbor(b, wire.ICMPv6NeighborSolicit, &n, &peer6, &rival6)
		p.ip6(wire.IPv6{Src: peer6, Dst: rival6, Next: 58, HopLimit: 64}, b)
	}, ""},
	{"solicitation for a group", func(p *packets) {
		p.neighbor(wire.ICMPv6NeighborSolicit, peer6, rival6, wire.Neighbor{Target: wire.AllNodes})
	}, ""},
	{"solicitation with an option of length 0", func(p *packets) {
		b := append(make([]byte, 8), rival6[:]...)
		b[0] = 135
		p.icmp6(peer6, rival6, 255, append(b, 1, 0, 0, 0, 0, 0, 0, 0))
	}, ""},
	{"advertisement of our address", func(p *packets) {
		p.neighbor(wire.ICMPv6NeighborAdvert, rival6, wire.AllNodes, wire.Neighbor{Target: rival6, Flags: wire.NDPOverride, Options: wire.NDPOptions{HasTarget: true, Target: stationMAC}})
	}, ""},
	{"router solicitation", func(p *packets) { p.icmp6(station6, wire.AllRouters, 255, []byte{133, 0, 0, 0, 0, 0, 0, 0}) }, ""},
	{"MLD query", func(p *packets) {
		p.icmp6(station6, wire.AllNodes, 1, append([]byte{130, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 16)...))
	}, ""},
	{"unknown type of frame", func(p *packets) { p.say(p.ether(rivalMAC, 0x1234, make([]byte, 46))) }, ""},
	{"runt", func(p *packets) { p.say(make([]byte, 13)); p.say(nil) }, ""},
}

func ip4Packet(data string) []byte {
	payload := datagram(peer4, rival4, data)
	b := make([]byte, wire.IPv4Len)
	wire.PutIPv4(b, &wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP, TTL: 64, TotalLen: len(b) + len(payload)})
	return append(b, payload...)
}

func ip6Packet(data string) []byte {
	payload := datagram(peer6, rival6, data)
	b := make([]byte, wire.IPv6Len)
	wire.PutIPv6(b, &wire.IPv6{Src: peer6, Dst: rival6, Next: wire.ProtoUDP, HopLimit: 64, PayloadLen: len(payload)})
	return append(b, payload...)
}

// options4 is a datagram with options in its IPv4 header, whose length is a multiple of 4.
func (p *packets) options4(options ...byte) {
	payload := datagram(peer4, rival4, "behind options")
	b := make([]byte, wire.IPv4Len, 100)
	wire.PutIPv4(b, &wire.IPv4{Src: peer4, Dst: rival4, Proto: wire.ProtoUDP, TTL: 64, TotalLen: wire.IPv4Len + len(options) + len(payload)})
	b = append(b, options...)
	b[0] = 0x40 | uint8(len(b)/4)
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], ^wire.Fold(wire.Sum(b, 0)))
	p.say(p.ether(rivalMAC, wire.EtherTypeIPv4, append(b, payload...)))
}

// TestOraclePackets: both do the same with all that is not TCP, or differ as the list says.
func TestOraclePackets(t *testing.T) {
	listed := listedDifferences(t)
	for _, c := range packetCases {
		t.Run(c.name, func(t *testing.T) {
			p := newPackets(t)
			c.say(p)
			native, oracle := p.outcome()
			if differs := native != oracle; differs != (c.differs != "") || differs && !listed[c.differs] {
				t.Errorf("listed as %q\nnative  %s\ngVisor  %s", c.differs, native, oracle)
			}
		})
	}
}

// TestOracleFragments sends datagrams in pieces: in any order, some twice, some never.
func TestOracleFragments(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 6))
		p := newPackets(t)
		six := seed%2 == 1
		for id := range 3 {
			var pieces [][3]int
			for at, end := 0, 1608; at < end; {
				to := min(at+8*(1+rng.IntN(80)), end)
				pieces = append(pieces, [3]int{at, to, min(end-to, 1)})
				at = to
			}
			rng.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
			switch rng.IntN(3) {
			case 0:
				pieces = slices.Insert(pieces, rng.IntN(len(pieces)), pieces[rng.IntN(len(pieces))])
			case 1:
				pieces = pieces[1:]
			}
			for _, piece := range pieces {
				if six {
					p.fragments6(uint32(id), big6, piece)
				} else {
					p.fragments4(uint16(id), big4, piece)
				}
			}
		}
		p.native.advance(2 * time.Minute)
		p.oracle.advance(2 * time.Minute)
		if native, oracle := p.outcome(); native != oracle {
			t.Fatalf("seed %d\nnative  %s\ngVisor  %s", seed, native, oracle)
		}
	}
}
