package e2e

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

func TestBadPackets(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	procs := []*testenv.Process{e.Secondary(httpd), e.Secondary(httpd)}
	e.Output("ip", "link", "set", e.Device, "mtu", "1900") // for giants
	run(t, e, "ip", "link", "set", e.Peer, "mtu", "1900")
	wire, tool := e.Wire(e.Peer), e.Tool()
	f := newForger(t, e, wire)
	traffic := newLoad(t, e, 2, 1)
	traffic.wantMore(t, 10)

	const rounds = 5
	before, sums := testenv.Stats(t, tool), sysctls(t, tool)
	wantDrops, wantSums := make(map[string]uint64), make(map[string]uint64)
	for range rounds {
		sendAll(t, wire, f.badFrames(), wantDrops)
		sendAll(t, wire, f.badSums(), wantSums)
	}
	awaitCounts(t, before, wantDrops, "drop.", func() map[string]uint64 { return testenv.Stats(t, tool) })
	awaitCounts(t, sums, wantSums, "", func() map[string]uint64 { return sysctls(t, tool) })
	after := testenv.Stats(t, tool)
	for name, value := range after { // and none under another name
		if reason, found := strings.CutPrefix(name, "drop."); found && value-before[name] != wantDrops[reason] {
			t.Errorf("%s: %d, want %d", name, value-before[name], wantDrops[reason])
		}
	}
	traffic.wantMore(t, 50)
	traffic.stop()
	traffic.wantNoFailure(t)
	wantAllBack(t, tool, procs)
}

// sendAll sends the frames and adds up what has to be counted.
func sendAll(t *testing.T, wire *testenv.Wire, frames []badFrame, want map[string]uint64) {
	t.Helper()
	for _, b := range frames {
		if err := wire.Send(b.frame); err != nil {
			t.Fatalf("%s: %v", b.reason, err)
		}
		want[b.reason]++
	}
}

// awaitCounts waits until the counters have risen by what is wanted.
func awaitCounts(t *testing.T, before, want map[string]uint64, prefix string, read func() map[string]uint64) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		now := read()
		var missing []string
		for name, count := range want {
			name = prefix + name
			if got := now[name] - before[name]; got < count {
				missing = append(missing, fmt.Sprintf("%s: %d of %d", name, got, count))
			}
		}
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not counted: %v", missing)
		}
	}
}

// sysctls returns the numeric variables, added up over all secondaries.
func sysctls(t *testing.T, tool *msg.Client) map[string]uint64 {
	t.Helper()
	sums := make(map[string]uint64)
	for _, row := range testenv.Ask[[]msg.SysctlRow](t, tool, msg.KindSysctl, msg.SysctlRequest{Proc: msg.AnyProc}) {
		if n, err := strconv.ParseUint(row.Value, 10, 64); err == nil {
			sums[row.Name] += n
		}
	}
	return sums
}

// wantAllBack ends the secondaries; then every mbuf is free.
func wantAllBack(t *testing.T, tool *msg.Client, procs []*testenv.Process) {
	t.Helper()
	if err := checkBalance(testenv.Ask[msg.PsReply](t, tool, msg.KindPs, nil)); err != nil {
		t.Error(err)
	}
	for _, p := range procs {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		awaitBalance(t, tool, p.Cmd.Process.Pid)
	}
	ps := testenv.Ask[msg.PsReply](t, tool, msg.KindPs, nil)
	for _, pool := range ps.Pools { // but those of fragments that wait for the first one
		if pool.Free+ps.Procs[0].Mbufs != pool.Size {
			t.Errorf("not all mbufs are free: %+v", pool)
		}
	}
}

// TestFramesThatNoKernelSends feeds the primary from a capture file: with lengths from 0 on, cut VLAN
// tags, more than an mbuf holds, IPv4 fragments, and good frames while no secondary is there.
func TestFramesThatNoKernelSends(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "in.pcap")
	e := testenv.Network(t, testenv.Config{Vdev: "net_pcap0,rx_pcap=" + file + ",tx_pcap=" + filepath.Join(dir, "out.pcap")})
	f := forger{to: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, from: []byte{2, 0, 0, 0, 0, 1}}
	want := map[string]uint64{"runt": 14, "truncated_vlan": 4, "giant": 1, "multi_segment": 1, "no_secondary": 2}
	var frames [][]byte
	for n := range 14 {
		frames = append(frames, make([]byte, n))
	}
	for n := range 4 {
		frames = append(frames, f.ether(0x8100, make([]byte, n)))
	}
	frames = append(frames, f.ether(0x0800, make([]byte, 1600)), f.ether(0x0800, make([]byte, 9000)), f.udp4(9), f.arp())
	for _, b := range f.badFragments4() {
		frames = append(frames, b.frame)
		want[b.reason]++
	}
	if err := os.WriteFile(file, captureFile(frames), 0o600); err != nil {
		t.Fatal(err)
	}
	e.Start()
	tool := e.Tool()
	awaitCounts(t, nil, want, "drop.", func() map[string]uint64 { return testenv.Stats(t, tool) })
	stats := testenv.Stats(t, tool)
	for reason, n := range want {
		if stats["drop."+reason] != n {
			t.Errorf("%s: %d, want %d", reason, stats["drop."+reason], n)
		}
	}
	wantAllBack(t, tool, nil)
}

// captureFile is frames in libpcap's format.
func captureFile(frames [][]byte) []byte {
	order := binary.LittleEndian
	b := order.AppendUint32(nil, 0xa1b2c3d4)
	b = order.AppendUint16(order.AppendUint16(b, 2), 4) // version 2.4
	for _, field := range []uint32{0, 0, 65535, 1} {    // UTC, accuracy, longest frame, Ethernet
		b = order.AppendUint32(b, field)
	}
	for _, frame := range frames {
		for _, field := range []uint32{0, 0, uint32(len(frame)), uint32(len(frame))} {
			b = order.AppendUint32(b, field)
		}
		b = append(b, frame...)
	}
	return b
}
