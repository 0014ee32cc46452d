package reasm

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"ringstack/stack/wire"
)

var (
	src4 = wire.From4([4]byte{10, 0, 0, 1})
	dst4 = wire.From4([4]byte{10, 0, 0, 2})
	src6 = wire.Addr{0: 0xfd, 15: 1}
	dst6 = wire.Addr{0: 0xfd, 15: 2}
)

func noise(n int) []byte {
	b := make([]byte, n)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(b)
	return b
}

// piece4 is a fragment of an IPv4 datagram; piece6 one of an IPv6 datagram behind a destination options header.
func piece4(id int, data []byte, from, to int) *Fragment {
	h := make([]byte, wire.IPv4Len)
	wire.PutIPv4(h, &wire.IPv4{Src: src4, Dst: dst4, Proto: wire.ProtoUDP, TTL: 64, MF: true, TotalLen: to - from + 20})
	return &Fragment{Key: Key{Src: src4, Dst: dst4, ID: uint32(id), Proto: wire.ProtoUDP},
		Offset: from, More: to < len(data), Data: data[from:to], Header: h}
}

func piece6(id int, data []byte, from, to int) *Fragment {
	h := make([]byte, wire.IPv6Len+8)
	wire.PutIPv6(h, &wire.IPv6{Src: src6, Dst: dst6, Next: wire.ProtoDestination, HopLimit: 64, PayloadLen: to - from + 16})
	h[40], h[42], h[43] = wire.ProtoFragment, 1, 4
	return &Fragment{Key: Key{Src: src6, Dst: dst6, ID: uint32(id)},
		Offset: from, More: to < len(data), Data: data[from:to], Header: h, NextAt: 40, Next: wire.ProtoUDP}
}

type maker func(id int, data []byte, from, to int) *Fragment

func bothVersions(t *testing.T, f func(t *testing.T, piece maker)) {
	t.Run("IPv4", func(t *testing.T) { f(t, piece4) })
	t.Run("IPv6", func(t *testing.T) { f(t, piece6) })
}

func cuts(n, size int) (all [][2]int) {
	for at := 0; at < n; at += size {
		all = append(all, [2]int{at, min(at+size, n)})
	}
	return all
}

// checkWhole looks at a rebuilt packet's headers and contents.
func checkWhole(t *testing.T, packet, data []byte) {
	t.Helper()
	at := wire.IPv4Len
	if h, ok := wire.ParseIPv4(packet); ok {
		if h.IsFragment() || h.TotalLen != len(packet) || wire.Fold(wire.Sum(packet[:20], 0)) != 0xffff || h.Src != src4 {
			t.Errorf("%+v", h)
		}
	} else if h, ok := wire.ParseIPv6(packet); ok {
		c, fault := wire.WalkIPv6(packet)
		if fault != wire.ChainFine || c.Proto != wire.ProtoUDP || h.PayloadLen+40 != len(packet) {
			t.Errorf("%+v %+v", h, c)
		}
		at = c.Offset
	} else {
		t.Fatalf("no packet: % x", packet[:min(len(packet), 48)])
	}
	if !bytes.Equal(packet[at:], data) {
		t.Error("the contents differ")
	}
}

func TestAnyOrder(t *testing.T) {
	bothVersions(t, func(t *testing.T, piece maker) {
		table := New(Config{})
		rng := rand.New(rand.NewPCG(1, 1))
		for round := range 300 {
			data := noise(1 + rng.IntN(65000))
			all := cuts(len(data), (1+rng.IntN(180))*8)
			if len(all) > 2*maxRanges { // more could leave too many gaps
				all = cuts(len(data), 1480)
			}
			rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			for i, cut := range all {
				f := piece(round, data, cut[0], cut[1])
				packet, r := table.Add(f, 0)
				if i == len(all)-1 {
					if r != Done {
						t.Fatalf("round %d ends with %d", round, r)
					}
					checkWhole(t, packet, data)
					break
				}
				if r != Held {
					t.Fatalf("round %d: %d", round, r)
				}
				if _, r := table.Add(f, 0); r != Duplicate {
					t.Fatalf("round %d: a duplicate gives %d", round, r)
				}
			}
		}
		if table.Len() != 0 || len(table.freeChunks) != len(table.chunks)-1 {
			t.Errorf("%d datagrams left, %d of %d chunks free", table.Len(), len(table.freeChunks), len(table.chunks)-1)
		}
	})
}

func TestDrops(t *testing.T) {
	bothVersions(t, func(t *testing.T, piece maker) {
		data, other := noise(4000), bytes.Repeat([]byte{7}, 4000)
		type step struct {
			f    *Fragment
			want Result
		}
		late := func(f *Fragment, more bool) *Fragment { f.More = more; return f }
		big := noise(65536)
		far := piece(1, big, 65528, 65536)
		far.More = false
		odd := piece(1, data, 0, 804)
		long := piece(1, data, 0, 800)
		long.Header = make([]byte, maxHeader+1)
		for name, steps := range map[string][]step{
			"teardrop":           {{piece(1, data, 0, 800), Held}, {piece(1, data, 400, 600), Duplicate}, {piece(1, other, 400, 600), Overlap}, {piece(1, data, 800, 1600), Dead}},
			"overlap at the end": {{piece(1, data, 0, 800), Held}, {piece(1, data, 792, 1600), Overlap}},
			"covers all":         {{piece(1, data, 800, 1600), Held}, {piece(1, data, 0, 2400), Overlap}},
			"two ends":           {{piece(1, data, 3200, 4000), Held}, {late(piece(1, data, 2400, 3200), false), Overlap}},
			"beyond the end":     {{late(piece(1, data, 0, 800), false), Done}, {late(piece(2, data, 800, 1600), false), Held}, {piece(2, data, 1600, 2400), Overlap}},
			"end before data":    {{piece(1, data, 1600, 2400), Held}, {late(piece(1, data, 800, 1600), false), Overlap}},
			"ping of death":      {{far, TooLong}},
			"odd length":         {{odd, BadLength}},
			"empty":              {{piece(1, data, 0, 0), Empty}},
			"long header":        {{long, BadHeader}},
		} {
			table := New(Config{})
			for i, s := range steps {
				if _, r := table.Add(s.f, 0); r != s.want {
					t.Errorf("%s: step %d gives %d, not %d", name, i, r, s.want)
				}
			}
		}
	})
}

func TestTooManyGaps(t *testing.T) {
	table, data := New(Config{}), noise(65000)
	for i := range maxRanges {
		if _, r := table.Add(piece4(1, data, i*16, i*16+8), 0); r != Held {
			t.Fatalf("range %d gives %d", i, r)
		}
	}
	if _, r := table.Add(piece4(1, data, 8000, 8008), 0); r != TooMany {
		t.Errorf("one more gives %d", r)
	}
}

func TestTimeout(t *testing.T) {
	table, data := New(Config{}), noise(3000)
	table.Add(piece4(1, data, 0, 1480), 0)
	table.Add(piece4(2, data, 1480, 2960), 0)
	table.Add(piece6(3, data, 0, 1480), 0)
	if _, _, ok := table.Expire(30*time.Second - resolution); ok {
		t.Error("too early")
	}
	if first, key, ok := table.Expire(30*time.Second + resolution); !ok || key.ID != 1 || len(first) != 20+quoteLen || !bytes.Equal(first[20:], data[:quoteLen]) {
		t.Errorf("%d bytes of %+v", len(first), key)
	}
	if first, key, ok := table.Expire(30*time.Second + resolution); !ok || key.ID != 2 || first != nil {
		t.Errorf("%d bytes of %+v", len(first), key)
	}
	if _, _, ok := table.Expire(59 * time.Second); ok {
		t.Error("IPv6 too early")
	}
	if _, key, ok := table.Expire(61 * time.Second); !ok || key.ID != 3 {
		t.Errorf("%+v", key)
	}
	if _, ok := table.Next(); ok || table.Len() != 0 || table.Counters().Expired != 3 {
		t.Errorf("%+v", table.Counters())
	}
}

func TestPerSourceLimit(t *testing.T) {
	table, data := New(Config{PerSource: 4}), noise(3000)
	table.Add(piece6(1, data, 0, 1480), 0)
	for id := range 100 {
		table.Add(piece4(id, data, 0, 1480), 0)
	}
	if table.Len() != 5 || table.Counters().Evicted != 96 {
		t.Errorf("%d under way, %+v", table.Len(), table.Counters())
	}
	if _, r := table.Add(piece6(1, data, 1480, 3000), 0); r != Done {
		t.Errorf("the other source's datagram: %d", r)
	}
}

// A flood from many sources stays within the memory given.
func TestFlood(t *testing.T) {
	table, data := New(Config{Datagrams: 64, Memory: 1 << 17}), noise(60000)
	rng := rand.New(rand.NewPCG(2, 2))
	for range 20000 {
		at := rng.IntN(40) * 1480
		f := piece4(rng.IntN(1000), data, at, at+800)
		f.Src = wire.From4([4]byte{10, 9, byte(rng.Uint32()), byte(rng.Uint32())})
		table.Add(f, 0)
	}
	if len(table.chunks)-1 > 1<<17/chunkSize || table.Len() > 64 {
		t.Errorf("%d chunks, %d datagrams", len(table.chunks)-1, table.Len())
	}
	held := 0
	for i := range table.datagrams {
		for _, chunk := range table.datagrams[i].chunks {
			if chunk != 0 {
				held++
			}
		}
	}
	if held+len(table.freeChunks) != len(table.chunks)-1 {
		t.Errorf("%d held, %d free of %d", held, len(table.freeChunks), len(table.chunks)-1)
	}
}

func TestECN(t *testing.T) {
	const not, one, zero, ce = wire.ECNNot, wire.ECT1, wire.ECT0, wire.ECNCE
	for _, c := range []struct{ a, b, want uint8 }{
		{not, not, not}, {zero, zero, zero}, {one, one, one}, {zero, ce, ce}, {ce, ce, ce}, {zero, one, not}, {not, ce, not},
	} {
		bothVersions(t, func(t *testing.T, piece maker) {
			table, data := New(Config{}), noise(1600)
			a, b := piece(1, data, 0, 800), piece(1, data, 800, 1600)
			a.ECN, b.ECN = c.a, c.b
			table.Add(a, 0)
			packet, r := table.Add(b, 0)
			if r != Done {
				t.Fatal(r)
			}
			got := packet[1] & 3
			if packet[0]>>4 == 6 {
				got = packet[1] >> 4 & 3
			}
			if got != c.want {
				t.Errorf("%d and %d give %d", c.a, c.b, got)
			}
		})
	}
}

func TestNoAllocation(t *testing.T) {
	table, data := New(Config{}), noise(3000)
	a, b := piece4(1, data, 0, 1480), piece4(1, data, 1480, 3000)
	lone := piece6(1, data, 0, 1480)
	if n := testing.AllocsPerRun(1000, func() {
		table.Add(b, 0)
		table.Add(a, 0)
		lone.ID++
		table.Add(lone, 0)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAdd(f *testing.F) {
	f.Add([]byte{0, 1, 1, 1, 1, 1, 2, 0, 9})
	f.Add([]byte{3, 1, 1, 3, 1, 1, 0, 3, 0})
	data := noise(65536)
	f.Fuzz(func(t *testing.T, script []byte) {
		table := New(Config{Datagrams: 4, PerSource: 2, Memory: 1})
		now := time.Duration(0)
		for ; len(script) >= 3; script = script[3:] {
			piece := piece4
			if script[2]&0x40 != 0 {
				piece = piece6
			}
			from := int(script[0]) * 256
			p := piece(int(script[2]&7), data, from, min(from+int(script[1])*64+int(script[2]&8), len(data)))
			p.More = script[2]&0x80 == 0
			if packet, r := table.Add(p, now); (r == Done) != (packet != nil) {
				t.Fatalf("%d with %d bytes", r, len(packet))
			} else if r == Done {
				checkWhole(t, packet, data[:len(packet)-len(p.Header)])
			}
			now += time.Duration(script[0]) * 100 * time.Millisecond
			for _, _, ok := table.Expire(now); ok; _, _, ok = table.Expire(now) {
			}
		}
		if table.Len() > 4 {
			t.Errorf("%d datagrams", table.Len())
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	table, data := New(Config{}), noise(2960)
	first, last := piece4(1, data, 0, 1480), piece4(1, data, 1480, 2960)
	for b.Loop() {
		table.Add(first, 0)
		table.Add(last, 0)
	}
}
