package gvisor

import (
	"errors"
	"net/netip"
	"testing"

	"ringstack/secondary/engine"
)

// host is an engine without a loop, whose one port has no buffers and no cable.
type host struct {
	*netstack
	woken bool
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{}
	e, err := New([]engine.Port{{
		ID: 7, Name: "eth0", MAC: [6]byte{2, 0, 0, 0, 0, 1}, MTU: 1500, Device: h,
		Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24"), netip.MustParsePrefix("fd00::1/64")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	h.netstack = e.(*netstack)
	t.Cleanup(h.Close)
	return h
}

// Close ends the engine.
func (h *host) Close() { h.netstack.Close(errOver) }

// errOver is why the engine ends.
var errOver = errors.New("the test is over")

func (h *host) Frame(int) []byte { return nil }
func (h *host) Send()            {}
func (h *host) Wake()            { h.woken = true }
