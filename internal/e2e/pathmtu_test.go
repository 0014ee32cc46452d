package e2e

import (
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// TestPathMTU sends over a link in the middle that takes less than both ends', which do not know: segments of the full size that was
// agreed on do not pass.
func TestPathMTU(t *testing.T) {
	e := testenv.New(t, testenv.Config{Relay: &testenv.Impairment{MTU: 1280, Delay: time.Millisecond}})
	pathMTU(t, e)
}

// TestPathMTUBlackHole does the same where no ICMP message comes (RFC 2923 section 2.1). The kernel has to be told to expect that.
func TestPathMTUBlackHole(t *testing.T) {
	e := testenv.New(t, testenv.Config{Relay: &testenv.Impairment{MTU: 1280, BlackHole: true, Delay: time.Millisecond}})
	run(t, e, "sysctl", "-qw", "net.ipv4.tcp_mtu_probing=1")
	pathMTU(t, e)
}

func pathMTU(t *testing.T, e *testenv.Env) {
	t.Helper()
	ways := newWays(t, e, attach(t, e, ""))
	eachWay(t, ways, func(w *way) (string, error) { return w.transfer(1 << 20) })
	if e.Relay.TooBig.Load() == 0 {
		t.Error("no packet was too big")
	}
}
