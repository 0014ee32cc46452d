package e2e

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"net"
	"slices"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// TestUserDispatcher runs examples/dispatcher as the primary.
func TestUserDispatcher(t *testing.T) {
	e := testenv.New(t, testenv.Config{Primary: testenv.Dispatcher, Keys: []string{"nb_procs=2", "vlan_strip=1"}})
	procs := []*testenv.Process{e.Secondary(httpd), e.Secondary(httpd)}
	wire, tool := e.Wire(e.Peer), e.Tool()
	f := newForger(t, e, wire)
	stats := func() map[string]uint64 { return testenv.Stats(t, tool) }

	t.Run("queue", func(t *testing.T) {
		seen := make(map[int]bool)
		for range 20 {
			seen[procByPort(t, e)] = true
		}
		if len(seen) != 2 {
			t.Errorf("only %v answered", seen)
		}
		for _, family := range families { // ARP and neighbour discovery reach both, and one answers
			wantOneAnswer(t, e, family, 2)
		}
	})
	t.Run("response", func(t *testing.T) {
		before := stats()
		run(t, e, "ping", "-n", "-c", "5", "-i", "0.01", "-w", "5", testenv.Stack4)
		awaitCounts(t, before, map[string]uint64{"dispatch.user_responses": 5, "port0.tx_packets": 5}, "", stats)
	})
	t.Run("drop", func(t *testing.T) {
		before := stats()
		for range 10 {
			send(t, wire, f.udp4(9))
		}
		awaitCounts(t, before, map[string]uint64{"user_dispatcher": 10}, "drop.", stats)
	})
	t.Run("VLAN", func(t *testing.T) {
		wire := e.Wire(e.Peer) // that has not heard, and lost, what was before
		before := stats()
		send(t, wire, tagged(f.ping4()))
		for range 10 {
			send(t, wire, tagged(f.udp4(5000))) // proc 0 by its port, 1 by its VLAN
		}
		awaitCounts(t, before, map[string]uint64{"dispatch.user_responses": 1, "proc1.rx_packets": 10}, "", stats)
		if _, err := wire.Await(5*time.Second, isTaggedReply); err != nil {
			t.Error(err)
		}
	})
	t.Run("queue of nobody", func(t *testing.T) {
		procs[1].Kill()
		awaitBalance(t, tool, procs[1].Cmd.Process.Pid)
		before := stats()
		for range 10 {
			send(t, wire, sum4(spoilt(f.udp4(5000), func(b []byte) { binary.BigEndian.PutUint16(b[at4:], 4002) }), 6))
		}
		awaitCounts(t, before, map[string]uint64{"user_dispatcher_queue": 10}, "drop.", stats)
	})
	wantAllBack(t, tool, procs[:1])
}

// procByPort makes a request, checks that the proc which the client's port names answers, and returns it.
func procByPort(t *testing.T, e *testenv.Env) int {
	t.Helper()
	c, err := e.DialContext(t.Context(), "tcp4", testenv.Stack4+":80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(answerWithin))
	proc, err := askPage(c, bufio.NewReader(c))
	if port := c.LocalAddr().(*net.TCPAddr).Port; err != nil || proc != port/2%2 {
		t.Errorf("port %d: proc %d answers, %v", port, proc, err)
	}
	return proc
}

func send(t *testing.T, wire *testenv.Wire, frame []byte) {
	t.Helper()
	if err := wire.Send(frame); err != nil {
		t.Fatal(err)
	}
}

var vlan7 = []byte{0x81, 0, 0, 7}

// tagged returns the frame in VLAN 7.
func tagged(frame []byte) []byte { return slices.Insert(frame, 12, vlan7...) }

// isTaggedReply reports an ICMP echo reply in VLAN 7.
func isTaggedReply(frame []byte) bool {
	return len(frame) > at4+4 && bytes.Equal(frame[12:16], vlan7) && frame[at4+4] == 0 && frame[atIP+4+9] == 1
}

// TestWaywardDispatcher has a dispatcher break the contract: each way is counted and does no harm.
func TestWaywardDispatcher(t *testing.T) {
	e := testenv.New(t, testenv.Config{Primary: testenv.Wayward, Keys: []string{"max_procs=4"}})
	p := e.Secondary(httpd)
	wire, tool := e.Wire(e.Peer), e.Tool()
	f := newForger(t, e, wire)
	traffic := newLoad(t, e, 1, 1)
	stats := func() map[string]uint64 { return testenv.Stats(t, tool) }

	const rounds = 100
	before := stats()
	for range rounds {
		for port := range uint16(12) {
			send(t, wire, f.udp4(port+1))
		}
	}
	awaitCounts(t, before, map[string]uint64{
		"drop.user_dispatcher_queue":  5 * rounds, // ports 1 to 5
		"drop.user_dispatcher_length": 5 * rounds, // 6 to 9, and 12
		"dispatch.user_responses":     rounds,     // 10
		"drop.user_dispatcher":        rounds,     // 11
	}, "", stats)
	if _, err := wire.Await(5*time.Second, func(frame []byte) bool { return len(frame) == 1514 }); err != nil {
		t.Errorf("the longest response: %v", err)
	}
	traffic.wantMore(t, 20)
	traffic.stop()
	traffic.wantNoFailure(t)
	wantAllBack(t, tool, []*testenv.Process{p})
}
