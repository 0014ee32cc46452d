package wire

import (
	"bytes"
	"testing"
	"time"
)

func TestTCPRoundTrip(t *testing.T) {
	sack := [4]SackBlock{{1, 2}, {3, 4}, {5, 6}, {0xfffffff0, 7}}
	for _, c := range []struct {
		name string
		opt  TCPOptions
		len  int
		sack int // blocks that fit
	}{
		{"none", TCPOptions{}, 0, 0},
		{"SYN", TCPOptions{MSS: 1460, HasWScale: true, WScale: 7, SACKPermitted: true, HasTS: true, TSVal: 1, TSEcr: 2}, 20, 0},
		{"SYN without timestamps", TCPOptions{MSS: 1460, SACKPermitted: true}, 8, 0},
		{"timestamps", TCPOptions{HasTS: true, TSVal: 0xffffffff, TSEcr: 3}, 12, 0},
		{"four blocks", TCPOptions{NSack: 4, Sack: sack}, 36, 4},
		{"blocks and timestamps", TCPOptions{NSack: 4, Sack: sack, HasTS: true}, 40, 3},
		{"user timeout", TCPOptions{UserTimeout: 300 * time.Second}, 4, 0},
		{"long user timeout", TCPOptions{UserTimeout: 500 * time.Hour}, 4, 0},
		{"everything", TCPOptions{MSS: 1, HasWScale: true, WScale: 14, SACKPermitted: true, HasTS: true, UserTimeout: time.Second, NSack: 3, Sack: sack}, 36, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := TCP{SrcPort: 1, DstPort: 65535, Seq: 0xdeadbeef, Ack: 7, Flags: SYN | ACK | CWR, Window: 0xffff, Urgent: 9}
			b := bytes.Repeat([]byte{0xaa}, 64)
			n := PutTCP(b, &in, &c.opt)
			if n != TCPLen+c.len || TCPOptionsLen(&c.opt) != c.len || b[n] != 0xaa {
				t.Fatalf("header of %d bytes, options of %d", n, TCPOptionsLen(&c.opt))
			}
			in.HeaderLen = n
			if got, ok := ParseTCP(b); !ok || got != in {
				t.Errorf("%+v, %t", got, ok)
			}
			want := c.opt
			want.NSack = c.sack
			clear(want.Sack[c.sack:])
			var got TCPOptions
			if got.Parse(b[TCPLen:n]); got != want {
				t.Errorf("%+v, not %+v", got, want)
			}
		})
	}
}

func TestParseTCPRefuses(t *testing.T) {
	good := make([]byte, 24)
	PutTCP(good, &TCP{}, &TCPOptions{MSS: 1})
	for name, b := range map[string][]byte{
		"empty":             nil,
		"short":             good[:19],
		"options cut":       good[:23],
		"offset below five": append(append(good[:12:12], 0x40), good[13:]...),
	} {
		if _, ok := ParseTCP(b); ok {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestTCPOptionsTolerance(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want TCPOptions
	}{
		{"end hides the rest", []byte{0, 2, 4, 1, 1}, TCPOptions{}},
		{"length zero", []byte{2, 0, 2, 4, 1, 1}, TCPOptions{}},
		{"length one", []byte{99, 1, 2, 4, 1, 1}, TCPOptions{}},
		{"past the end", []byte{2, 4, 1, 1, 3, 3}, TCPOptions{MSS: 257}},
		{"no length", []byte{1, 1, 1, 8}, TCPOptions{}},
		{"unknown is skipped", []byte{99, 4, 1, 1, 2, 4, 1, 1}, TCPOptions{MSS: 257}},
		{"wrong length is skipped", []byte{2, 3, 1, 4, 2}, TCPOptions{SACKPermitted: true}},
		{"scale above fourteen", []byte{3, 3, 255}, TCPOptions{HasWScale: true, WScale: 14}},
		{"SACK of no whole block", []byte{5, 9, 1, 2, 3, 4, 5, 6, 7}, TCPOptions{}},
		{"user timeout zero", []byte{28, 4, 0, 0}, TCPOptions{}},
	} {
		var got TCPOptions
		if got.Parse(c.b); got != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func FuzzTCP(f *testing.F) {
	b := make([]byte, 60)
	PutTCP(b, &TCP{Flags: ACK}, &TCPOptions{HasTS: true, NSack: 3})
	f.Add(b)
	f.Add([]byte{12: 0x60, 13: 2, 20: 2, 21: 4, 22: 5, 23: 0xb4})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := ParseTCP(b)
		if !ok {
			return
		}
		var opt, again TCPOptions
		opt.Parse(b[TCPLen:h.HeaderLen])
		out := make([]byte, TCPLen+TCPOptionsLen(&opt))
		h.HeaderLen = PutTCP(out, &h, &opt)
		if got, ok := ParseTCP(out); !ok || got != h {
			t.Fatalf("%+v became %+v", h, got)
		}
		again.Parse(out[TCPLen:])
		fits := opt
		fits.NSack = again.NSack
		clear(fits.Sack[fits.NSack:])
		if again != fits || again.NSack > opt.NSack {
			t.Errorf("%+v became %+v", opt, again)
		}
	})
}

func BenchmarkTCPOptions(b *testing.B) {
	raw := make([]byte, 60)
	n := PutTCP(raw, &TCP{}, &TCPOptions{HasTS: true, TSVal: 1})
	var o TCPOptions
	for b.Loop() {
		o.Parse(raw[TCPLen:n])
	}
}
