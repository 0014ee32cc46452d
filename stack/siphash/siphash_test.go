package siphash

import (
	"encoding/binary"
	"testing"
)

// The first outputs of the reference implementation's vectors.h for SipHash-2-4-64, key 00..0f, input 00..n-1.
var vectors = []string{
	"310e0edd47db6f72", "fd67dc93c539f874", "5a4fa9d909806c0d", "2d7efbd796666785",
	"b7877127e09427cf", "8da699cd64557618", "cee3fe586e46c9cb", "37d1018bf50002ab",
	"6224939a79f5f593", "b0e4a90bdf82009e", "f3b9dd94c5bb5d7a", "a7ad6b22462fb3f4",
	"fbe50e86bc8f1e75", "903d84c02756ea14", "eef27a8e90ca23f7", "e545be4961ca29a1",
}

func testKey() Key {
	var b [16]byte
	for i := range b {
		b[i] = byte(i)
	}
	return NewKey(&b)
}

func TestVectors(t *testing.T) {
	k := testKey()
	var in []byte
	for i, want := range vectors {
		var out [8]byte
		binary.LittleEndian.PutUint64(out[:], k.Sum(in))
		if got := hexOf(out[:]); got != want {
			t.Errorf("%d bytes: got %s, want %s", i, got, want)
		}
		in = append(in, byte(i))
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s []byte
	for _, c := range b {
		s = append(s, digits[c>>4], digits[c&15])
	}
	return string(s)
}

func TestWordsEqualSum(t *testing.T) {
	k := testKey()
	w := [5]uint64{1, 0xffff0000ffff0000, 42, 1 << 63, 7}
	var b [40]byte
	for i, x := range w {
		binary.LittleEndian.PutUint64(b[8*i:], x)
	}
	if got, want := k.Words2(w[0], w[1]), k.Sum(b[:16]); got != want {
		t.Errorf("Words2: got %x, want %x", got, want)
	}
	if got, want := k.Words5(w[0], w[1], w[2], w[3], w[4]), k.Sum(b[:]); got != want {
		t.Errorf("Words5: got %x, want %x", got, want)
	}
	if k.Derive(1) == k.Derive(2) {
		t.Error("derived keys are equal")
	}
}

func BenchmarkWords2(b *testing.B) {
	k := testKey()
	var x uint64
	for i := 0; i < b.N; i++ {
		x += k.Words2(uint64(i), x)
	}
	sink = x
}

var sink uint64
