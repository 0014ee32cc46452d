package wire

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// slowSum is RFC 1071 section 4.1, word by word.
func slowSum(b []byte) uint16 {
	var sum uint32
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) > 0 {
		sum += uint32(b[0]) << 8
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

// same compares sums: 0 and 0xffff are one number in one's complement.
func same(a, b uint16) bool { return a%0xffff == b%0xffff }

func TestSumRFC1071(t *testing.T) {
	// Section 3: the example's bytes, its sum, and the sum from an odd address on.
	b := []byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}
	if got := Fold(Sum(b, 0)); got != 0xddf2 {
		t.Errorf("sum %#x, not 0xddf2", got)
	}
	odd := Join(Sum(b[:3], 0), 3, Sum(b[3:], 0))
	if got := Fold(odd); got != 0xddf2 {
		t.Errorf("sum of two pieces %#x, not 0xddf2", got)
	}
}

func TestSumOfEveryLength(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	b, dst := make([]byte, 300), make([]byte, 300)
	for n := range len(b) + 1 {
		for i := range n {
			b[i] = byte(rng.Uint32())
			if n%3 == 0 {
				b[i] = 0xff // carries everywhere
			}
		}
		clear(dst)
		want := slowSum(b[:n])
		if got := Fold(Sum(b[:n], 0)); !same(got, want) {
			t.Fatalf("%d bytes: sum %#x, not %#x", n, got, want)
		}
		if got := Fold(CopySum(dst, b[:n])); !same(got, want) || !bytes.Equal(dst[:n], b[:n]) {
			t.Fatalf("%d bytes: copied sum %#x, not %#x", n, got, want)
		}
		if len(dst) > n && dst[n] != 0 {
			t.Fatalf("%d bytes: the copy runs over", n)
		}
		cut := rng.IntN(n + 1)
		if got := Fold(Join(Sum(b[:cut], 0), cut, Sum(b[cut:n], 0))); !same(got, want) {
			t.Fatalf("%d bytes cut at %d: sum %#x, not %#x", n, cut, got, want)
		}
		even := cut &^ 1
		if got := Fold(Sum(b[even:n], Sum(b[:even], 0))); !same(got, want) {
			t.Fatalf("%d bytes cut at %d: running sum %#x, not %#x", n, even, got, want)
		}
	}
}

func TestUpdateRFC1624(t *testing.T) {
	// Section 4: the example on which equation 2 fails.
	if got := Update(0xdd2f, 0x5555, 0x3285); got != 0 {
		t.Errorf("checksum %#x, not 0", got)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, 40)
	for range 10000 {
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		before := ^slowSum(b)
		at, value := rng.IntN(20)*2, uint16(rng.Uint32())
		old := binary.BigEndian.Uint16(b[at:])
		binary.BigEndian.PutUint16(b[at:], value)
		if got, want := Update(before, old, value), ^slowSum(b); !same(got, want) {
			t.Fatalf("updated %#x, computed %#x", got, want)
		}
	}
}

func TestPseudoSum(t *testing.T) {
	src, dst := From4([4]byte{192, 0, 2, 1}), From4([4]byte{198, 51, 100, 255})
	header := []byte{192, 0, 2, 1, 198, 51, 100, 255, 0, 6, 0x12, 0x34}
	if got, want := Fold(PseudoSum(&src, &dst, 6, 0x1234)), slowSum(header); !same(got, want) {
		t.Errorf("IPv4 %#x, not %#x", got, want)
	}
	src, dst = Addr{0: 0x20, 15: 0xff}, Addr{0: 0xfe, 1: 0x80, 14: 0xab}
	header = append(append(src[:len(src):len(src)], dst[:]...), 0, 1, 0x12, 0x34, 0, 0, 0, 58)
	if got, want := Fold(PseudoSum(&src, &dst, 58, 0x11234)), slowSum(header); !same(got, want) {
		t.Errorf("IPv6 %#x, not %#x", got, want)
	}
}

func FuzzSum(f *testing.F) {
	f.Add([]byte{}, uint32(0))
	f.Add([]byte{1, 2, 3}, uint32(0xffffffff))
	f.Add(bytes.Repeat([]byte{0xff}, 129), uint32(0xffff))
	f.Fuzz(func(t *testing.T, b []byte, s uint32) {
		seed := binary.BigEndian.AppendUint32(nil, s)
		if got, want := Fold(Sum(b, s)), slowSum(append(seed, b...)); len(b) < 60000 && !same(got, want) {
			t.Errorf("sum %#x, not %#x", got, want)
		}
	})
}

var sink uint32

func BenchmarkSum(b *testing.B)     { eachSize(b, func(_, src []byte) { sink = Sum(src, 0) }) }
func BenchmarkCopySum(b *testing.B) { eachSize(b, func(dst, src []byte) { sink = CopySum(dst, src) }) }

func eachSize(b *testing.B, f func(dst, src []byte)) {
	for _, size := range []struct {
		name string
		n    int
	}{{"20", 20}, {"64", 64}, {"1460", 1460}, {"9000", 9000}} {
		b.Run(size.name, func(b *testing.B) {
			src, dst := make([]byte, size.n), make([]byte, size.n)
			b.SetBytes(int64(size.n))
			for b.Loop() {
				f(dst, src)
			}
		})
	}
}
