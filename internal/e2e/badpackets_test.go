package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// badFrame is a frame and the counter under which it is dropped.
type badFrame struct {
	reason string
	frame  []byte
}

// badFrames has a frame at least for each reason that a veth pair lets through. Missing are runt and
// truncated_vlan, which the kernel stops, no_secondary, and pins_full.
func (f forger) badFrames() []badFrame {
	udp4, udp6, tcp4, tcp6, arp := f.udp4(9), f.udp6(9), f.tcp4(80), f.tcp6(80), f.arp()
	set := func(at int, values ...byte) func([]byte) {
		return func(b []byte) { copy(b[at:], values) }
	}
	fragment6 := func(next byte, field uint16, payload []byte) []byte {
		head := []byte{next, 0, byte(field >> 8), byte(field), 1, 2, 3, 4}
		return f.ip6(44, append(head, payload...))
	}
	options := func(n int, next byte) []byte { // n destination options headers of 8 bytes
		var b []byte
		for range n - 1 {
			b = append(b, 60, 0, 1, 4, 0, 0, 0, 0)
		}
		return append(b, next, 0, 1, 4, 0, 0, 0, 0)
	}
	loopback6 := append(make([]byte, 15), 1)
	return []badFrame{
		{"bad_source_mac", spoilt(udp4, func(b []byte) { b[6] |= 1 })},
		{"not_for_us", spoilt(udp4, set(0, 2, 0, 0, 0, 0, 0x77))},
		{"length_frame", f.ether(60, make([]byte, 60))},
		{"unknown_ethertype", f.ether(0x88b5, make([]byte, 60))},
		{"unknown_ethertype", f.ether(0x88b5, nil)},
		{"giant", f.ether(0x0800, make([]byte, 1600))},

		{"truncated_arp", arp[:atIP+27]},
		{"bad_arp", spoilt(arp, set(atIP+7, 3))},
		{"bad_arp", spoilt(arp, set(atIP+4, 8))},

		{"bad_ip_version", spoilt(udp4, set(atIP, 0x55))},
		{"bad_ip_version", spoilt(udp6, set(atIP, 0x40))},
		{"truncated_ipv4", udp4[:atIP]},
		{"truncated_ipv4", udp4[:atIP+19]},
		{"truncated_ipv4", spoilt(udp4, set(atIP, 0x4f))},
		{"bad_ipv4_header", spoilt(udp4, set(atIP, 0x44))},
		{"bad_ipv4_length", spoilt4(udp4, set(atIP+2, 0xff, 0xff))},
		{"bad_ipv4_length", spoilt4(udp4, set(atIP+2, 0, 19))},
		{"bad_ipv4_checksum", spoilt(udp4, func(b []byte) { b[atIP+10] ^= 1 })},
		{"bad_ipv4_checksum", spoilt(udp4, func(b []byte) { b[atIP+8]-- })},
		{"bad_ipv4_source", spoilt4(udp4, set(atIP+12, 127, 0, 0, 1))},
		{"bad_ipv4_source", spoilt4(udp4, set(atIP+12, 224, 0, 0, 1))},
		{"bad_ipv4_source", spoilt4(udp4, set(atIP+12, 255, 255, 255, 255))},
		{"bad_ipv4_source", spoilt4(tcp4, set(atIP+12, stack4.AsSlice()...))},
		{"bad_ipv4_destination", spoilt4(udp4, set(atIP+16, 127, 0, 0, 1))},
		{"bad_ipv4_destination", spoilt4(udp4, set(atIP+16, 0, 0, 0, 0))},

		{"truncated_ipv6", udp6[:atIP+39]},
		{"truncated_ipv6", f.ip6(60, []byte{17, 0, 1, 4})},
		{"truncated_ipv6", f.ip6(60, []byte{17, 9, 1, 4, 0, 0, 0, 0})},
		{"bad_ipv6_length", spoilt(udp6, set(atIP+4, 0xff, 0xff))},
		{"bad_ipv6_source", spoilt(udp6, set(atIP+8, 0xff, 2))},
		{"bad_ipv6_source", spoilt(tcp6, set(atIP+8, stack6.AsSlice()...))},
		{"bad_ipv6_destination", spoilt(udp6, set(atIP+24, loopback6...))},
		{"bad_ipv6_extension", f.ip6(60, append([]byte{0, 0, 1, 4, 0, 0, 0, 0}, options(1, 59)...))},
		{"bad_ipv6_extension", f.ip6(51, make([]byte, 8))},
		{"too_many_extensions", f.ip6(60, options(9, 17))},
		{"jumbogram", spoilt(f.ip6(0, options(1, 17)), set(atIP+4, 0, 0))},
		{"no_next_header", f.ip6(59, nil)},

		{"truncated_tcp", f.ip4(6, make([]byte, 19))},
		{"truncated_tcp", spoilt(tcp4, set(at4+12, 0xf0))},
		{"truncated_tcp", f.ip6(6, nil)},
		{"bad_tcp_offset", spoilt(tcp4, set(at4+12, 0x40))},
		{"bad_tcp_offset", spoilt(tcp6, set(at6+12, 0))},
		{"truncated_udp", f.ip4(17, make([]byte, 7))},
		{"truncated_udp", f.ip6(17, make([]byte, 7))},
		{"bad_udp_length", spoilt(udp4, set(at4+4, 0, 7))},
		{"bad_udp_length", spoilt(udp6, set(at6+4, 0xff, 0xff))},
		{"truncated_icmp", f.ip4(1, make([]byte, 7))},
		{"truncated_icmp", f.ip6(58, make([]byte, 7))},
		{"truncated_igmp", f.ip4(2, make([]byte, 7))},
		{"bad_quote", f.ip4(1, []byte{3, 3, 0, 0, 0, 0, 0, 0})},
		{"bad_quote", f.ip6(58, append([]byte{1, 4, 0, 0, 0, 0, 0, 0}, udp6[atIP:]...))},

		{"bad_fragment", fragment6(17, 1, make([]byte, 31))},
		{"bad_fragment", fragment6(17, 0xfff8, make([]byte, 32))},
		{"bad_fragment", fragment6(17, 8, nil)},
		{"tiny_fragment", fragment6(6, 1, make([]byte, 8))},
		{"frag_no_first", fragment6(17, 4*8, make([]byte, 32))},
		{"fragmented_control", fragment6(58, 0, f.solicit()[at6:])},
	}
}

// badFragments4 are for drivers other than net_af_packet, for which the kernel puts IPv4 fragments together.
func (f forger) badFragments4() []badFrame {
	fragment := func(proto byte, field uint16, n int) []byte {
		return spoilt4(f.ip4(proto, make([]byte, n)), func(b []byte) { binary.BigEndian.PutUint16(b[atIP+6:], field) })
	}
	return []badFrame{
		{"bad_fragment", fragment(17, 0x2000, 31)},
		{"bad_fragment", fragment(17, 0x1fff, 32)},
		{"bad_fragment", fragment(17, 4, 0)},
		{"tiny_fragment", fragment(6, 0x2000, 8)},
		{"tiny_fragment", fragment(6, 1, 8)},
		{"fragmented_control", fragment(2, 0x2000, 32)},
	}
}

// badSums are frames that the primary passes on and the stack drops, by the stack's counters.
func (f forger) badSums() []badFrame {
	flip := func(at int) func([]byte) { return func(b []byte) { b[at] ^= 0x55 } }
	return []badFrame{
		{"net.inet.tcp.stats.rcvbadsum", spoilt(f.tcp4(80), flip(at4+17))},
		{"net.inet.tcp.stats.rcvbadsum", spoilt(f.tcp6(80), flip(at6+17))},
		{"net.inet.udp.stats.badsum", spoilt(f.udp4(9), flip(at4+7))},
		{"net.inet.udp.stats.badsum", spoilt(f.udp6(9), flip(at6+7))},
		{"net.inet.icmp.stats.malformed", spoilt(f.ping4(), flip(at4+3))},
		{"net.inet.icmp.stats.malformed", spoilt(f.ping6(), flip(at6+3))},
	}
}

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
	for _, pool := range testenv.Ask[msg.PsReply](t, tool, msg.KindPs, nil).Pools {
		if pool.Free != pool.Size {
			t.Errorf("not all mbufs are free: %+v", pool)
		}
	}
}

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
