package dispatch

import (
	"slices"
	"testing"
	"time"
)

// busyTable has 8 procs that share TCP port 80, buckets moving, pins and
// leases, so that frames meet every part of Decide.
func busyTable(tb testing.TB) *Table {
	h, err := NewToeplitz(DefaultKey)
	if err != nil {
		tb.Fatal(err)
	}
	t := NewTable(16, h, 64)
	for proc := range uint8(8) {
		t.Join(proc)
		listen(tb, t, ProtoTCP, 80, proc)
		listen(tb, t, ProtoUDP, 53, proc)
		if _, _, err := t.Lease(proc); err != nil {
			tb.Fatal(err)
		}
	}
	open(tb, t, 1000, 80)
	t.SetMAC(0, ourMAC)
	return t
}

func TestNoAllocations(t *testing.T) {
	table := busyTable(t)
	table.Drain(3)
	for proc := range uint8(3) {
		table.Stall(proc, true)
	}
	frames := seedFrames()
	for i := range 64 {
		frames = append(frames, tcp4(5000+i, 80, tcpSYN))
	}
	var p Packet
	now := time.Second
	if n := testing.AllocsPerRun(100, func() {
		now += time.Millisecond
		table.Tick(now)
		for _, frame := range frames {
			if p.Parse(frame) == ReasonNone {
				table.Decide(0, &p, 0, false)
			}
		}
		table.Donors()
	}); n != 0 {
		t.Errorf("%v allocations for %d frames", n, len(frames))
	}
}

// carryAll does with the frames what a primary does, all but holding them.
func carryAll(table *Table, p *Packet, frames [][]byte) {
	for i, frame := range frames {
		if p.Parse(frame) == ReasonNone && table.Decide(0, p, 0, false).Action == Hold {
			table.Hold(uint64(i))
		}
	}
	table.Abandoned()
}

func TestFragmentsDoNotAllocate(t *testing.T) {
	table := smallTable(4, 1)
	listen(t, table, ProtoUDP, 53, 0, 1, 2, 3)
	frames := packet4("", ip4{proto: ProtoUDP, id: 1}, udpDatagram(4000, 53, make([]byte, 500))).cut(16)
	inOrder := slices.Clone(frames)
	slices.Reverse(frames)
	now := time.Second
	var p Packet
	if n := testing.AllocsPerRun(100, func() {
		carryAll(table, &p, inOrder)
		carryAll(table, &p, frames)
		carryAll(table, &p, inOrder[1:])
		now += 20 * time.Second
		table.Tick(now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkFragments is the way of a datagram of 64 KB over Ethernet.
func BenchmarkFragments(b *testing.B) {
	table := smallTable(4, 1)
	listen(b, table, ProtoUDP, 53, 0, 1, 2, 3)
	frames := packet4("", ip4{proto: ProtoUDP, id: 1}, udpDatagram(4000, 53, make([]byte, 65000))).cut(1480)
	perFrame := func(b *testing.B) {
		b.ReportAllocs()
		var p Packet
		for b.Loop() {
			carryAll(table, &p, frames)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(frames)), "ns/fragment")
	}
	b.Run("in order", perFrame)
	slices.Reverse(frames)
	b.Run("in reverse order", perFrame)
}

func BenchmarkParse(b *testing.B) {
	for name, frame := range map[string][]byte{
		"tcp4": tcp4(4000, 80, tcpACK),
		"tcp6": ip6{next: ProtoTCP}.frame(tcpSegment(4000, 80, tcpACK)),
		"arp":  ether(EtherTypeARP, arpMessage(1)),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var p Packet
			for b.Loop() {
				p.Parse(frame)
			}
		})
	}
}

func BenchmarkHash(b *testing.B) {
	for name, h := range map[string]Hash{"toeplitz": mustToeplitz(b, DefaultKey), "modulo": Modulo{}} {
		for _, v := range []int{0, 5} {
			f := verificationFlow(verification[v].dst, verification[v].src)
			b.Run(name+map[bool]string{true: "4", false: "6"}[f.Is4()], func(b *testing.B) {
				for b.Loop() {
					h.Sum(&f, true)
				}
			})
		}
	}
}

// BenchmarkParseDecide is the whole way of a segment, 1,000 flows in turn.
func BenchmarkParseDecide(b *testing.B) {
	frames := make([][]byte, 1000)
	for i := range frames {
		frames[i] = tcp4(1024+i, 80, tcpACK)
	}
	run := func(b *testing.B, table *Table, hashed bool) {
		b.ReportAllocs()
		var p Packet
		for i := 0; b.Loop(); i++ {
			if p.Parse(frames[i%len(frames)]) == ReasonNone {
				table.Decide(0, &p, uint32(i), hashed)
			}
		}
	}
	settled := smallTable(8, 16)
	for proc := range uint8(8) {
		listen(b, settled, ProtoTCP, 80, proc)
		commitAll(settled)
	}
	alone := smallTable(8, 16)
	listen(b, alone, ProtoTCP, 80, 3)
	b.Run("one owner", func(b *testing.B) { run(b, alone, false) })
	b.Run("eight owners", func(b *testing.B) { run(b, settled, false) })
	b.Run("eight owners, NIC hash", func(b *testing.B) { run(b, settled, true) })
	b.Run("pinned", func(b *testing.B) { run(b, busyTable(b), false) })
}

func BenchmarkControl(b *testing.B) {
	flows := make([]Flow, 10000)
	for i := range flows {
		flows[i] = client(i, 80)
	}
	b.Run("listen, commit 10000 flows, leave", func(b *testing.B) {
		table := NewTable(16, nil, 64)
		table.Join(0)
		listen(b, table, ProtoTCP, 80, 0)
		for b.Loop() {
			table.Join(1)
			listen(b, table, ProtoTCP, 80, 1)
			commit(table, table.Donors()[0], flows)
			table.Leave(1)
			sweep(table, 0, nil, table.Stamp())
		}
	})
	b.Run("sweep 10000 flows", func(b *testing.B) {
		table := NewTable(16, nil, 64)
		table.Join(0)
		for i := range flows {
			table.pins.put(&flows[i], 0, 0)
		}
		for b.Loop() {
			sweep(table, 0, flows, table.Stamp())
		}
	})
}
