package e2e

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// TestDeaf sends more to a secondary that never reads than its ring takes.
func TestDeaf(t *testing.T) { testGlutton(t, "deaf", "rx_ring_full", "drop.ring_full") }

// TestHoard sends to a secondary that keeps all mbufs more than it may hold.
func TestHoard(t *testing.T) { testGlutton(t, "hoard", "rx_quota", "drop.quota") }

// testGlutton floods a secondary that keeps what it gets until its own counter and the primary's
// show that there is a limit.
func testGlutton(t *testing.T, name, counter, drop string) {
	h := newHostility(t)
	before := feel(t, h.tool)
	p := h.launch(t, name)
	p.WaitLog("done")
	counter = fmt.Sprintf("proc%d.%s", hostileProc, counter)
	const n = 4000
	h.flood(t, n)
	testenv.Eventually(t, 5*time.Second, "the flood arrives", func() bool {
		s := testenv.Stats(t, h.tool)
		return s["port0.rx_packets"] >= before.stats["port0.rx_packets"]+n
	})
	h.load.wantMore(t, 200)
	after := feel(t, h.tool)
	before.wantAlive(t, after)
	wantViolations(t, before, after, "")
	lost := after.stats[counter]
	if lost < n/4 || after.stats[drop]-before.stats[drop] != lost {
		t.Errorf("%s is %d, %s is %d", counter, lost, drop, after.stats[drop])
	}
	limit := 2048
	if held := h.proc(t, hostileProc).Mbufs; held > limit || held < limit/2 {
		t.Errorf("it holds %d mbufs, of %d that it may", held, limit)
	}
	p.Kill()
	awaitBalance(t, h.tool, p.Cmd.Process.Pid)
	h.load.wantNoFailure(t)
	h.wantPeace(t)
}

// flood sends datagrams to the port that the hostile secondaries listen on.
func (h *hostility) flood(t *testing.T, n int) {
	t.Helper()
	err := h.e.In(func() error {
		c, err := net.Dial("udp", net.JoinHostPort(testenv.Stack4, "9999"))
		if err != nil {
			return err
		}
		defer c.Close()
		for i := range n {
			if _, err := io.WriteString(c, "flood"); err != nil {
				return err
			}
			if i%100 == 0 {
				time.Sleep(time.Millisecond) // the veth's queue is short
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
