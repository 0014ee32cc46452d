package tcp

import (
	"math/rand/v2"
	"testing"
	"time"
)

// bulk sends total bytes one way over a link and returns the time it took and the sender.
func bulk(t *testing.T, link linkModel, cfg Config, total int) (time.Duration, *Transport) {
	t.Helper()
	link.mtu = 1500
	s := newSim(11, link, [2]Config{cfg, cfg})
	rng := rand.New(rand.NewPCG(5, 5))
	a := &peerApp{t: s.hosts[0].tcp, rng: rng, total: total, abortAt: -1, salt: 1, peerSalt: 2}
	b := &peerApp{t: s.hosts[1].tcp, rng: rng, want: total, abortAt: -1, salt: 2, peerSalt: 1}
	s.hosts[0].app = &appTable{apps: map[ID]*peerApp{}, t: t}
	s.hosts[1].app = &appTable{apps: map[ID]*peerApp{}, t: t, accept: func(ID) *peerApp { return b }}
	b.t.Listen(ListenConfig{Port: 80})
	a.id, _ = a.t.Connect(&ConnectConfig{Remote: s.hosts[1].addr, RemotePort: 80})
	s.hosts[0].app.(*appTable).apps[a.id] = a
	s.hosts[0].wake, s.hosts[1].wake = a.turn, b.turn
	a.t.Flush(0)
	play(t, s, 11, []*peerApp{a, b})
	if s.broken != nil || b.got != total || b.bad != "" {
		t.Fatalf("got %d of %d, %s, %v", b.got, total, b.bad, s.broken)
	}
	return s.now, a.t
}

// A path without faults is filled, and nothing is sent twice.
func TestCleanPath(t *testing.T) {
	took, a := bulk(t, linkModel{delay: 10 * time.Millisecond}, Config{}, 32<<20)
	if a.stats[SndRexmitPack] != 0 || a.stats[RexmtTimeo] != 0 {
		t.Errorf("%d retransmissions, %d timeouts", a.stats[SndRexmitPack], a.stats[RexmtTimeo])
	}
	// 4 MB windows and 20 ms: 8 round trips after slow start's eleven.
	if took > 700*time.Millisecond {
		t.Errorf("32 MB took %v", took)
	}
}

// Losses cost about as many retransmissions as there were losses, and hardly a timeout.
func TestLossyPath(t *testing.T) {
	for _, cc := range []Congestion{Cubic, NewReno} {
		_, a := bulk(t, linkModel{delay: 5 * time.Millisecond, loss: 0.01}, Config{Congestion: cc}, 16<<20)
		sent, again := a.stats[SndPack], a.stats[SndRexmitPack]
		if again > sent/50 {
			t.Errorf("controller %d: %d segments, %d retransmissions", cc, sent, again)
		}
		if n := a.stats[RexmtTimeo]; n > 20 {
			t.Errorf("controller %d: %d timeouts", cc, n)
		}
		t.Logf("controller %d: %d segments, %d again, %d timeouts, %d recoveries", cc, sent, again, a.stats[RexmtTimeo], a.stats[SackRecovery])
	}
}

// Reordering is taken for loss only until RACK has seen it: the window of RFC 8985 is closed at first.
func TestReorderingPath(t *testing.T) {
	_, a := bulk(t, linkModel{delay: 5 * time.Millisecond, jitter: time.Millisecond}, Config{}, 32<<20)
	sent, again := a.stats[SndPack], a.stats[SndRexmitPack]
	if again > sent/20 || a.stats[SackRecovery] > 4 || a.stats[SpuriousRexmt] == 0 {
		t.Errorf("%d segments, %d retransmissions in %d recoveries, %d undone", sent, again, a.stats[SackRecovery], a.stats[SpuriousRexmt])
	}
}
