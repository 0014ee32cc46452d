package dispatch

import (
	"fmt"
	"slices"
	"testing"
)

// smallTable has procs 0..n-1 live and room for pins pins.
func smallTable(n, pins int) *Table {
	t := newTable(max(n, 1), nil, pins, 64)
	for proc := range n {
		t.Join(uint8(proc))
	}
	return t
}

// decide parses frame, which must be good, and asks the table.
func decide(tb testing.TB, table *Table, frame []byte) Verdict {
	tb.Helper()
	var p Packet
	if r := p.Parse(frame); r != ReasonNone {
		tb.Fatalf("Parse: %v", r)
	}
	return table.Decide(0, &p, 0, false)
}

func listen(tb testing.TB, table *Table, proto uint8, port uint16, procs ...uint8) {
	tb.Helper()
	for _, proc := range procs {
		if err := table.Listen(proto, port, 1, proc); err != nil {
			tb.Fatal(err)
		}
	}
}

func TestDecideMAC(t *testing.T) {
	table := smallTable(1, 1)
	table.SetMAC(1, ourMAC)
	table.SetMAC(-1, peerMAC)
	table.SetMAC(MaxEthPorts, peerMAC)
	for _, test := range []struct {
		port int
		dst  [6]byte
		want Verdict
	}{
		{1, ourMAC, deliver(0)},
		{1, peerMAC, drop(ReasonNotForUs)},
		{1, [6]byte{255, 255, 255, 255, 255, 255}, deliver(0)},
		{1, [6]byte{0x33, 0x33, 0, 0, 0, 1}, deliver(0)},
		{0, peerMAC, deliver(0)},
		{MaxEthPorts, peerMAC, deliver(0)},
		{-1, peerMAC, deliver(0)},
	} {
		var p Packet
		p.Parse(edit(tcp4(1, 2, tcpSYN), 0, test.dst[:]...))
		if got := table.Decide(test.port, &p, 0, false); got != test.want {
			t.Errorf("port %d to % x: %+v, want %+v", test.port, test.dst, got, test.want)
		}
	}
}

func TestDecideNoSecondary(t *testing.T) {
	table := smallTable(0, 1)
	for _, frame := range [][]byte{ether(EtherTypeARP, arpMessage(1)), tcp4(1, 2, 0), udp4(1, 2)} {
		if got := decide(t, table, frame); got != drop(ReasonNoSecondary) {
			t.Errorf("%+v", got)
		}
	}
}

func TestDecideBroadcast(t *testing.T) {
	table := smallTable(2, 1)
	listen(t, table, ProtoUDP, 53, 1)
	for _, frame := range [][]byte{
		ether(EtherTypeARP, arpMessage(1)),
		ip4{proto: ProtoIGMP}.frame(make([]byte, 8)),
		ip6{next: ProtoICMPv6}.frame(icmpMessage(136, nil)),
	} {
		if got := decide(t, table, frame); got != (Verdict{Action: Broadcast}) {
			t.Errorf("%+v", got)
		}
	}
}

func TestDecideOwners(t *testing.T) {
	table := smallTable(4, 1)
	listen(t, table, ProtoTCP, 80, 1)
	listen(t, table, ProtoUDP, 80, 2)
	first, _, err := table.Lease(3)
	if err != nil {
		t.Fatal(err)
	}
	quote := func(h ip4, payload []byte) []byte {
		h.src, h.dst = us4, peer4
		return ip4{src: "203.0.113.1", proto: ProtoICMP}.frame(icmpMessage(3, h.packet(payload)))
	}
	for _, test := range []struct {
		name  string
		frame []byte
		want  uint8
	}{
		{"tcp owner", tcp4(4000, 80, tcpSYN), 1},
		{"udp owner of the same number", udp4(4000, 80), 2},
		{"leased, tcp", tcp4(80, int(first), tcpACK), 3},
		{"leased, udp, last of the block", udp4(80, int(first)+LeaseSize-1), 3},
		{"error about the tcp owner's flow", quote(ip4{proto: ProtoTCP}, tcpSegment(80, 4000, 0)), 1},
		{"error about a leased port's flow", quote(ip4{proto: ProtoUDP}, udpDatagram(int(first), 53, nil)), 3},
	} {
		if got := decide(t, table, test.frame); got != deliver(test.want) {
			t.Errorf("%s: %+v, want proc %d", test.name, got, test.want)
		}
	}
}

// TestDecideSpread: what nobody owns goes by its addresses alone, so that all
// of it from one peer meets one stack, and every proc gets a share.
func TestDecideSpread(t *testing.T) {
	table := smallTable(4, 1)
	var hits [4]int
	for host := range 200 {
		h := ip4{src: fmt.Sprintf("198.51.100.%d", host)}
		frame := func(proto uint8, payload []byte) []byte { h.proto = proto; return h.frame(payload) }
		v := decide(t, table, frame(ProtoICMP, icmpMessage(8, nil)))
		hits[v.Proc]++
		h.frag = ipv4MoreFrags
		same := [][]byte{frame(ProtoICMP, icmpMessage(8, nil))}
		h.frag = 0
		same = append(same, frame(132, nil), frame(ProtoTCP, tcpSegment(host, 99, 0)), frame(ProtoUDP, udpDatagram(9, host, nil)))
		for i, f := range same {
			if got := decide(t, table, f); got != v {
				t.Errorf("frame %d: %+v, echo request: %+v", i, got, v)
			}
		}
	}
	if slices.Min(hits[:]) < 25 {
		t.Errorf("uneven: %v", hits)
	}
}

// TestDecideHash: the NIC's hash takes the place of ours, but not where the NIC
// has hashed something else.
func TestDecideHash(t *testing.T) {
	table := smallTable(2, 1)
	listen(t, table, ProtoUDP, 53, 0, 1)
	buckets := &table.ports[protoIndex(ProtoUDP)][53].owner
	var p Packet
	p.Parse(udp4(4000, 53))
	own := table.hash.Sum(&p.Flow, true)
	for hash := range uint32(2 * NumBuckets) {
		if got := table.Decide(0, &p, hash, true); got != deliver(buckets[hash%NumBuckets]) {
			t.Fatalf("hash %d: %+v", hash, got)
		}
		if got := table.Decide(0, &p, hash, false); got != deliver(buckets[own%NumBuckets]) {
			t.Fatalf("hash %d not given: %+v", hash, got)
		}
	}
	for _, frame := range [][]byte{
		ip4{proto: ProtoICMP}.frame(icmpMessage(3, ip4{src: us4, dst: peer4, proto: ProtoUDP}.packet(udpDatagram(53, 4000, nil)))),
		ip4{proto: ProtoUDP, frag: ipv4MoreFrags}.frame(udpDatagram(4000, 53, nil)),
	} {
		p.Parse(frame)
		for hash := range uint32(NumBuckets) {
			if got := table.Decide(0, &p, hash, true); got != deliver(buckets[own%NumBuckets]) {
				t.Fatalf("fragment or error followed the NIC's hash: %+v", got)
			}
		}
	}
}

func TestLeader(t *testing.T) {
	table := newTable(8, nil, 1, 64)
	check := func(want uint8, live ...uint8) {
		t.Helper()
		got, ok := table.Leader()
		if ok != (len(live) > 0) || ok && got != want || !slices.Equal(table.Live(), live) {
			t.Errorf("leader %d %v, live %v; want %d, %v", got, ok, table.Live(), want, live)
		}
	}
	check(0)
	table.Join(3)
	table.Join(5)
	check(3, 3, 5)
	table.Join(1)
	table.Join(1)
	table.Join(8) // out of range
	table.Join(255)
	check(3, 1, 3, 5)
	table.Leave(3)
	table.Leave(3)
	check(1, 1, 5)
	table.Leave(5)
	table.Leave(1)
	check(0)
	table.Join(7)
	check(7, 7)
}
