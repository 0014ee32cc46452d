package stack

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"ringstack/stack/tcp"
)

var oracleSeeds = flag.Uint64("oracleseeds", 1000, "random sequences that TestOracleRandom plays")

// TestOracleRandom plays sequences of events drawn at random, most of them nearly right, to both stacks. A failure prints the
// sequence, which can be put into a file in testdata/oracle as it is.
func TestOracleRandom(t *testing.T) {
	for seed := range *oracleSeeds {
		d := newDuel(t, seed%4 == 3, false, differencesFound{})
		if newDice(seed, d).play(); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		d.end()
	}
}

// dice draws the events of a sequence.
type dice struct {
	*rand.Rand
	*duel
	closed bool // by the application
}

func newDice(seed uint64, d *duel) *dice {
	return &dice{Rand: rand.New(rand.NewPCG(seed, 5)), duel: d}
}

// events is how long a sequence is at most.
const events = 30

func (x *dice) play() {
	x.open()
	for n := 0; n < events && !x.over && !x.failed; n++ {
		x.step(x.event())
	}
}

// one returns one of several.
func one[T any](x *dice, of ...T) T { return of[x.IntN(len(of))] }

// rarely is true once in n times.
func (x *dice) rarely(n int) bool { return x.IntN(n) == 0 }

func (x *dice) open() {
	with := one(x, "mss=1000", "mss=1460")
	for _, o := range []string{" ws=2", " sackok", " ts"} {
		if x.rarely(2) {
			with += o
		}
	}
	switch x.IntN(6) {
	case 0:
		x.duel.step("dial " + with)
	case 1:
		x.duel.step("listen")
		x.duel.step("< S 0 " + with)
	case 2:
		x.duel.step("connect")
	default:
		x.duel.step("accept " + with)
	}
}

func (x *dice) event() string {
	state := x.native.state()
	switch n := x.IntN(100); {
	case n < 70:
		return x.randomSegment(state)
	case n < 82 && state >= tcp.Established:
		return x.appCall(state)
	case n < 85:
		return "icmp " + one(x, "host", "net", "port", "ttl") + fmt.Sprintf(" seq=%d", int(x.native.max)+one(x, -1, 0, 5000))
	default:
		return one(x, "+1ms", "+3ms", "+10ms")
	}
}

func (x *dice) appCall(state tcp.State) string {
	n := x.IntN(20)
	switch {
	case x.closed:
		return "+1ms"
	case n == 0 && state != tcp.TimeWait:
		x.closed = true
		return "close"
	case n < 3 && (state == tcp.Established || state == tcp.CloseWait):
		return "closewrite"
	case n < 14 && (state == tcp.Established || state == tcp.CloseWait) && x.native.max < 20000:
		return fmt.Sprintf("write %d", one(x, 1, 10, 100, 1000, 2500))
	case n < 16:
		return "hold"
	}
	return "read"
}

func (x *dice) randomSegment(state tcp.State) string {
	next, sent := int(int32(x.native.rcvNxt())), int(int32(x.native.max))
	flags := x.flags(state)
	n := one(x, 0, 0, 0, 1, 10, 10, 100, 1000)
	seq := fmt.Sprint(next)
	switch x.IntN(12) {
	case 0:
		seq = fmt.Sprint(next + x.IntN(40) - 20)
	case 1:
		seq = fmt.Sprint(next + 10 + x.IntN(200))
	case 2:
		seq = fmt.Sprint(next + one(x, -1, 1, -1000, 20000, 1<<20, -1<<20, 1<<30))
	case 3:
		if state >= tcp.Established && state != tcp.TimeWait {
			seq = one(x, "edge", "edge-1", "edge+1", "edge-10")
		}
	}
	text := "< " + flags + " " + seq
	if n > 0 {
		if strings.HasPrefix(seq, "edge") {
			text += fmt.Sprintf(":%d", x.place(seq).offset+n)
		} else {
			text += fmt.Sprintf(":%d", x.duel.number(seq)+n)
		}
	}
	if strings.Contains(flags, "A") {
		text += fmt.Sprintf(" ack %d", x.ackNumber(sent))
	}
	return text + x.segmentOptions(state, flags)
}

func (x *dice) flags(state tcp.State) string {
	if state == tcp.SynSent && !x.rarely(3) {
		return one(x, "SA", "SA", "S", "A", "RA", "R", "SFA")
	}
	switch n := x.IntN(40); {
	case n < 32:
		return "A"
	case n < 35:
		return "FA"
	}
	return one(x, "R", "RA", "S", "SA", "UA", "-", "F", "FU", "SR", "SF", "FSRPAU", "PA")
}

func (x *dice) ackNumber(sent int) int {
	ack := sent
	switch x.IntN(10) {
	case 0:
		ack = sent - x.IntN(200)
	case 1:
		ack = sent + one(x, 1, -1, 2, -1000, 1000, 1<<20, -1<<20, 1<<30)
	}
	return ack
}

func (x *dice) segmentOptions(state tcp.State, flags string) (text string) {
	if x.rarely(6) {
		text += fmt.Sprintf(" win=%d", one(x, 0, 0, 1, 100, 2000, 30000))
	}
	if sent := int(x.native.max); x.rarely(15) && sent > 1 {
		from := 1 + x.IntN(sent)
		text += fmt.Sprintf(" sack=%d:%d", from, from+one(x, 1, 10, 1000, -5, 100000))
	}
	if x.rarely(30) {
		text += " " + one(x, "badsum", "off=4", "off=6", "off=15", "cut=19", "alt", "urg=1", "urg=1000")
	}
	if x.ts && x.rarely(15) {
		text += " " + one(x, "nots", "ts=1", "ts=2000", "ecr=100000", "ecr=-100000")
	}
	if !x.ts && x.rarely(40) {
		text += " ts"
	}
	if x.rarely(30) {
		text += " " + one(x, "opt=01010101", "opt=02000000", "opt=fe0400000103", "opt=00ff", "opt=050a000000010000")
	}
	if strings.Contains(flags, "S") && !x.rarely(3) {
		text += " mss=1000"
	}
	return text
}
