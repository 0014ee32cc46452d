package e2e

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"ringstack/internal/testenv"
)

// TestMutatedFrames sends frames with random changes, the same ones in each run.
func TestMutatedFrames(t *testing.T) {
	const frames, burst = 20000, 250
	e := testenv.New(t, testenv.Config{})
	procs := []*testenv.Process{e.Secondary(httpd), e.Secondary(httpd)}
	wire, tool := e.Wire(e.Peer), e.Tool()
	f := newForger(t, e, wire)
	traffic := newLoad(t, e, 2, 1)
	traffic.wantMore(t, 10)

	random := rand.New(rand.NewPCG(1, 20000))
	good := [][]byte{f.arp(), f.solicit(), f.ping4(), f.ping6(), f.udp4(9), f.udp6(9), f.tcp4(81), f.tcp6(81), f.tcp4(80)}
	for _, b := range f.badFrames() {
		good = append(good, b.frame[:min(len(b.frame), 1500)])
	}
	before := testenv.Stats(t, tool)["port0.rx_packets"]
	for n := 0; n < frames; n++ {
		frame := mutate(random, good[random.IntN(len(good))])
		if impersonates(frame) {
			continue
		}
		if err := wire.Send(frame); err != nil {
			t.Fatal(err)
		}
		if n%burst == 0 {
			traffic.wantMore(t, 1)
		}
	}
	received := testenv.Stats(t, tool)["port0.rx_packets"] - before
	if received < frames*9/10 {
		t.Errorf("of %d frames the primary received %d: the test does not test it", frames, received)
	}
	t.Logf("%d frames received, %d requests answered", received, traffic.requests.Load())
	traffic.wantMore(t, 50)
	traffic.stop()
	traffic.wantNoFailure(t)
	wantAllBack(t, tool, procs)
}

// mutate changes some bytes or bits of a frame, its length, or several of these.
func mutate(random *rand.Rand, frame []byte) []byte {
	b := append([]byte{}, frame...)
	for range 1 + random.IntN(4) {
		at := random.IntN(len(b))
		switch random.IntN(5) {
		case 0:
			b[at] = byte(random.Uint32())
		case 1:
			b[at] ^= 1 << random.IntN(8)
		case 2:
			b = b[:max(atIP, at)]
		case 3:
			b = append(b, make([]byte, random.IntN(100))...)
		case 4:
			b[at] = []byte{0, 1, 0x7f, 0x80, 0xff}[random.IntN(5)]
		}
	}
	return b[:min(len(b), 1500)]
}

// impersonates reports ARP and neighbour discovery in the real peer's name: that would be an attack
// that no stack can tell from the truth.
func impersonates(frame []byte) bool {
	peer4, peer6 := []byte{192, 168, 100, 1}, []byte{15: 1}
	copy(peer6, []byte{0xfd, 0, 1})
	kind := binary.BigEndian.Uint16(frame[12:])
	return kind == 0x0806 && bytes.Contains(frame, peer4) || kind == 0x86dd && bytes.Contains(frame, peer6)
}
