package e2e

import (
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// TestFewMbufsAreEnoughToListen has a secondary with the fewest mbufs receive frames that it does not
// answer: those that it keeps empty must leave some to receive in.
func TestFewMbufsAreEnoughToListen(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	e.Change("max_mbufs=2048", "max_mbufs=64")
	e.Start()
	e.Secondary(httpd)
	wire, tool := e.Wire(e.Peer), e.Tool()
	reply := newForger(t, e, wire).arp()
	reply[atIP+7] = 2 // nobody answers a reply
	const n = 200
	for range n {
		if err := wire.Send(reply); err != nil {
			t.Fatal(err)
		}
	}
	testenv.Eventually(t, 5*time.Second, "the frames arrive", func() bool {
		return testenv.Stats(t, tool)["port0.rx_packets"] >= n
	})
	before := testenv.Stats(t, tool)["drop.quota"]
	if _, err := get(browser(e), testenv.Stack4); err != nil {
		t.Error(err)
	}
	if after := testenv.Stats(t, tool)["drop.quota"]; after != before {
		t.Errorf("%d frames of one request found no mbuf", after-before)
	}
}
