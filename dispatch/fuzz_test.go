package dispatch

import (
	"testing"
	"time"
)

// seedFrames returns good and bad frames of every kind.
func seedFrames() [][]byte {
	syn, udp := tcpSegment(4000, 80, tcpSYN), udpDatagram(4000, 53, []byte("12345678"))
	frames := [][]byte{
		ether(EtherTypeARP, arpMessage(1)),
		tagged(5, EtherTypeIPv4, ip4{proto: ProtoTCP, options: make([]byte, 8)}.packet(syn)),
		tcp4(4000, 80, tcpACK),
		udp4(4000, 53),
		ip4{proto: ProtoUDP, id: 1, frag: ipv4MoreFrags}.frame(udp),
		ip4{proto: ProtoUDP, id: 1, frag: 2}.frame(udp),
		ip4{proto: ProtoICMP}.frame(icmpMessage(3, ip4{src: us4, dst: peer4, proto: ProtoTCP}.packet(syn))),
		ip6{next: ProtoTCP}.frame(syn),
		ip6{next: ipv6HopByHop, ext: cat(ext8(ipv6Routing), ext8(ipv6Destination), ext8(ProtoUDP))}.frame(udp),
		ip6{next: ipv6Fragment, ext: fragExt(ProtoUDP, 0, true, 1)}.frame(udp),
		ip6{next: ipv6Fragment, ext: fragExt(ProtoUDP, 16, false, 1)}.frame(udp),
		ip6{next: ProtoICMPv6}.frame(icmpMessage(135, make([]byte, 16))),
		ip6{next: ProtoICMPv6}.frame(icmpMessage(1, ip6{src: us6, dst: peer6, next: ProtoTCP}.packet(syn))),
	}
	for _, bad := range badFrames() {
		frames = append(frames, bad...)
	}
	return frames
}

func FuzzParse(f *testing.F) {
	for _, frame := range seedFrames() {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		frame = frame[:len(frame):len(frame)]
		var p, again Packet
		r := p.Parse(frame)
		if int(r) >= NumReasons {
			t.Fatalf("reason %d", r)
		}
		if r != ReasonNone {
			return
		}
		if again.Parse(frame) != r || again != p {
			t.Fatal("second Parse differs")
		}
		if int(p.L3) > len(frame) || int(p.L4) > len(frame) {
			t.Fatalf("offsets %d, %d past %d", p.L3, p.L4, len(frame))
		}
		if p.Version == 4 && !(p.Flow.Is4() && isV4Mapped(&p.Flow.Remote)) || p.Version == 6 && (p.Flow.Is4() || isV4Mapped(&p.Flow.Remote)) {
			t.Fatalf("flow %+v is not of version %d", p.Flow, p.Version)
		}
		if p.SYN && (p.Proto != ProtoTCP || !p.HasPorts || p.Quoted) {
			t.Fatalf("SYN in %+v", p)
		}
		if p.HasPorts && p.Fragment == FragmentLater || p.Control && p.Fragment != FragmentNone {
			t.Fatalf("fragment %+v", p)
		}
	})
}

// fuzzHeld is how many frames FuzzDecide's table holds.
const fuzzHeld = 3

// FuzzDecide runs frames, cut out of the input, through a busy table.
func FuzzDecide(f *testing.F) {
	var all []byte
	for i, frame := range seedFrames() {
		f.Add(append([]byte{byte(i), byte(len(frame))}, frame...))
		if len(frame) < 256 {
			all = append(append(all, byte(i), byte(len(frame))), frame...)
		}
	}
	f.Add(all)
	hash, _ := NewToeplitz(DefaultKey)
	f.Fuzz(func(t *testing.T, in []byte) {
		table := newTable(4, hash, 8, fuzzHeld)
		table.SetMAC(0, ourMAC)
		held := map[uint64]bool{}
		var p Packet
		for now := time.Duration(0); len(in) >= 2; now += time.Second {
			op, n := in[0], min(int(in[1]), len(in)-2)
			frame := in[2 : 2+n]
			in = in[2+n:]
			table.Tick(now)
			fuzzControl(table, op)
			if p.Parse(frame) == ReasonNone {
				v := table.Decide(int(op)%3, &p, uint32(op), op&1 != 0)
				checkVerdict(t, table, &p, v)
				checkHeld(t, table, v, held)
			}
		}
		table.Tick(time.Hour)
		checkHeld(t, table, Verdict{}, held)
		if len(held) != 0 {
			t.Fatalf("not given back: %v", held)
		}
	})
}

// checkHeld does what v says of held frames, and checks that each comes back once.
func checkHeld(t *testing.T, table *Table, v Verdict, held map[uint64]bool) {
	t.Helper()
	back := func(frame uint64) {
		if !held[frame] {
			t.Fatalf("frame %d was not held", frame)
		}
		delete(held, frame)
	}
	switch v.Action {
	case Hold:
		frame := uint64(len(held)) + 1
		for held[frame] {
			frame++
		}
		held[frame] = true
		table.Hold(frame)
	case Release:
		for _, frame := range table.Released() {
			back(frame)
		}
	}
	for _, a := range table.Abandoned() {
		back(a.Frame)
		if a.Reason == ReasonNone || int(a.Reason) >= NumReasons {
			t.Fatalf("%+v", a)
		}
	}
	if len(held) != table.frags.frames.n || len(held) > fuzzHeld {
		t.Fatalf("held %v, counted %d", held, table.frags.frames.n)
	}
}

func fuzzControl(table *Table, op byte) {
	proc, port := op>>3&3, []uint16{80, 53, 4000}[op>>5%3]
	switch op % 10 {
	case 0, 1:
		table.Join(proc)
		_ = table.Listen(ProtoTCP, port, 1, proc)
	case 2:
		_ = table.Listen(ProtoUDP, port, int(proc), proc)
	case 3:
		table.Unlisten(ProtoTCP, port, proc)
	case 4:
		for _, d := range table.Donors() {
			commit(table, d, nil)
		}
	case 5:
		_, _, _ = table.Lease(proc)
	case 6:
		table.Leave(proc)
	case 7:
		sweep(table, proc, nil, table.Stamp())
	case 8:
		table.Drain(proc)
	case 9:
		table.Stall(proc, op&16 != 0)
	}
}

func checkVerdict(t *testing.T, table *Table, p *Packet, v Verdict) {
	t.Helper()
	switch v.Action {
	case Drop:
		if v.Reason == ReasonNone || int(v.Reason) >= NumReasons {
			t.Fatalf("%+v for %+v", v, p)
		}
	case Hold:
		if p.Fragment != FragmentLater {
			t.Fatalf("%+v for %+v", v, p)
		}
	case Deliver, Release, Broadcast:
		if v.Reason != ReasonNone || v.Action != Broadcast && !table.isLive(v.Proc) || (v.Action == Broadcast) != p.Control || len(table.live) == 0 {
			t.Fatalf("%+v for %+v, live %v", v, p, table.live)
		}
	default:
		t.Fatalf("%+v", v)
	}
}
