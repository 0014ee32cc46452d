package e2e

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// TestFragments has secondaries share a port, own one, and lease one, and sends them datagrams in fragments in all kinds of bad
// order, while the room for fragments that come too early is full of a flood's.
func TestFragments(t *testing.T) {
	e := testenv.New(t, testenv.Config{Vdev: testenv.AFXDP})
	wire, tool := e.Wire(e.Peer), e.Tool()
	r := newReceivers(t, e)
	f := newForger(t, e, wire)
	r.findHomes(t, wire, f)

	t.Run("flood of later fragments", func(t *testing.T) { floodOfFragments(t, wire, tool, f) })
	t.Run("in any order", func(t *testing.T) {
		before := testenv.Stats(t, tool)
		random := rand.New(rand.NewPCG(1, 2))
		for range 20 {
			r.wantAll(t, wire, f, r.flows, 2000+random.IntN(3000), func(fragments [][]byte) {
				random.Shuffle(len(fragments), func(i, j int) { fragments[i], fragments[j] = fragments[j], fragments[i] })
			})
		}
		for i := range r.flows {
			r.wantAll(t, wire, f, r.flows[i:i+1], 60000, slices.Reverse)
		}
		after := testenv.Stats(t, tool)
		for _, reason := range []string{"frag_lost", "frag_too_many", "frag_timeout", "quota", "ring_full"} {
			if n := after["drop."+reason] - before["drop."+reason]; n > 0 {
				t.Errorf("%d frames dropped: %s", n, reason)
			}
		}
	})
	t.Run("echo in reverse order", func(t *testing.T) { reversedEcho(t, wire, f) })
	t.Run("all mbufs come back", func(t *testing.T) {
		testenv.Eventually(t, 35*time.Second, "fragments time out", func() bool {
			return testenv.Stats(t, tool)["dispatch.fragments_held"] == 0
		})
		if n := testenv.Stats(t, tool)["drop.frag_timeout"]; n == 0 {
			t.Error("none has timed out")
		}
		wantHeld(t, tool, 0)
	})
}

// floodOfFragments sends later fragments whose first ones never come. The primary holds some of them, and the newest are held longest.
func floodOfFragments(t *testing.T, wire *testenv.Wire, tool *msg.Client, f forger) {
	const flood, room = 3000, 8192 / 16
	before := testenv.Stats(t, tool)
	for id := range uint32(flood) {
		frames := f.fragments(udpBetween(ghost4, 4000, stack4, floodPort, make([]byte, 3000)), 1480, id)
		send(t, wire, frames[1+id%2])
		if id%64 == 0 {
			time.Sleep(time.Millisecond) // the driver's queue is short
		}
	}
	testenv.Eventually(t, 5*time.Second, "newer fragments take the place of older ones", func() bool {
		now := testenv.Stats(t, tool)
		return now["dispatch.fragments_held"] == room && now["drop.frag_evicted"]-before["drop.frag_evicted"] > flood/3
	})
	wantHeld(t, tool, room)
}

// wantHeld checks that the primary holds n mbufs, and that all that are held are somebody's.
func wantHeld(t *testing.T, tool *msg.Client, n int) {
	t.Helper()
	ps := testenv.Ask[msg.PsReply](t, tool, msg.KindPs, nil)
	held := 0
	for _, p := range ps.Procs {
		held += p.Mbufs
	}
	if ps.Procs[0].Mbufs != n || ps.Pools[0].Held != held {
		t.Errorf("the primary holds %d, want %d; all together %d, by the pool's count %d", ps.Procs[0].Mbufs, n, held, ps.Pools[0].Held)
	}
}

// reversedEcho sends echo requests whose fragments come last first, and wants their replies.
func reversedEcho(t *testing.T, wire *testenv.Wire, f forger) {
	for id, p := range []ipPacket{
		{src: peer4, dst: stack4, proto: 1, payload: echo4(file(5000))},
		{src: peer6, dst: stack6, proto: 58, payload: echo6(peer6, stack6, file(5000))},
	} {
		fragments := f.fragments(p, 1240, uint32(id))
		slices.Reverse(fragments)
		for _, frame := range fragments {
			send(t, wire, frame)
		}
		if _, err := wire.Await(5*time.Second, func(frame []byte) bool { return isEchoReply(frame, p) }); err != nil {
			t.Errorf("echo to %s: %v", p.dst, err)
		}
	}
}
