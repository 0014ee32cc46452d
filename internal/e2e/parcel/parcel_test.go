package parcel

import (
	"bytes"
	"io"
	"testing"
)

func TestParcelIsWhatWasSent(t *testing.T) {
	const n = 100_001
	sent, err := io.ReadAll(New(7, n))
	if err != nil || len(sent) != n {
		t.Fatalf("%d bytes, %v", len(sent), err)
	}
	received := New(7, n)
	for rest, size := sent, 1; len(rest) > 0; size = size*3%1000 + 1 {
		size = min(size, len(rest))
		if _, err := received.Write(rest[:size]); err != nil {
			t.Fatal(err)
		}
		rest = rest[size:]
	}
	if received.Rest() != 0 {
		t.Errorf("%d bytes are missing", received.Rest())
	}
	if _, err := received.Write([]byte{0}); err == nil {
		t.Error("took one byte more")
	}
	for _, at := range []int{0, 1, 4095, 4096, n - 1} {
		bad := bytes.Clone(sent)
		bad[at] ^= 1
		if n, err := New(7, n).Write(bad); err == nil || n != at {
			t.Errorf("byte %d is wrong, found at %d: %v", at, n, err)
		}
	}
	if _, err := New(8, n).Write(sent); err == nil {
		t.Error("took the bytes of another seed")
	}
}
