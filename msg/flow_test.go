package msg

import (
	"errors"
	"slices"
	"syscall"
	"testing"
)

func TestFlowsRoundTrip(t *testing.T) {
	want := []Flow{
		{},
		{Local: [16]byte{15: 1}, Remote: [16]byte{0: 0xfd}, LocalPort: 80, RemotePort: 65535, HalfOpen: true},
		{Local: [16]byte{0: 1}, Remote: [16]byte{15: 0xff}, LocalPort: 0x1234, RemotePort: 1},
	}
	var b []byte
	for _, f := range want {
		b = AppendFlow(b, f)
	}
	got, err := ParseFlows(b)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}
	for n := 1; n < flowSize; n++ {
		if _, err := ParseFlows(b[:flowSize+n]); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%d bytes too many: %v", n, err)
		}
	}
}
