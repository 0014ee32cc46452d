package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ringstack/internal/testenv"
)

// TestDPDKProcessesAttach runs DPDK's own tools and a C program beside two secondaries that serve.
func TestDPDKProcessesAttach(t *testing.T) {
	e := testenv.New(t, testenv.Config{Hugepages: true})
	e.Secondary(httpd)
	e.Secondary(httpd)
	traffic := newLoad(t, e, 2, 1)
	traffic.wantMore(t, 50)
	attach := compile(t, e, "testdata/attach.c")
	for range 3 { // that one ends leaves nothing behind that keeps the next out
		showsCounters(t, e)
		findsObjects(t, e, attach)
		traffic.wantMore(t, 50)
	}
	traffic.stop()
	traffic.wantNoFailure(t)
}

var rxPackets = regexp.MustCompile(`RX-packets: (\d+) `)

// showsCounters runs dpdk-proc-info while traffic flows: the port's counter that it prints lies
// between those that the primary gives before and after.
func showsCounters(t *testing.T, e *testenv.Env) {
	t.Helper()
	tool := e.Tool()
	before := testenv.Stats(t, tool)["port0.rx_packets"]
	out := e.Output("dpdk-proc-info", "--no-pci", "--file-prefix="+e.Prefix, "--", "--stats")
	after := testenv.Stats(t, tool)["port0.rx_packets"]
	shown := rxPackets.FindStringSubmatch(out)
	if shown == nil {
		t.Fatalf("dpdk-proc-info shows no port:\n%s", out)
	}
	if n, _ := strconv.ParseUint(shown[1], 10, 64); n < before || n > after || n == 0 {
		t.Errorf("dpdk-proc-info shows %d packets; the primary %d before and %d after", n, before, after)
	}
}

// findsObjects runs the C program, which is a DPDK secondary process.
func findsObjects(t *testing.T, e *testenv.Env, attach string) {
	t.Helper()
	out := e.Output(attach, "--no-pci", "-l", "0", "--proc-type=secondary", "--file-prefix="+e.Prefix)
	for _, want := range []string{
		"ring dispatch_ring_p0_q0 size 1024 SP SC",
		"ring tx_ring_p0_q0 size 1024 SP SC",
		"ring alloc_ring_0 size 1024 SP SC",
		"ring free_ring_0 size 1024 SP SC",
		"ring ff_msg_ring_in_0 size 16 SP SC",
		"ring ff_msg_ring_out_0 size 16 SP SC",
		"pool ff_msg_pool size 128 used 128",
		"zone ff_control bytes ",
		" magic rngstack",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the C program does not see %q:\n%s", want, out)
		}
	}
	var used int
	_, at, found := strings.Cut(out, "pool mbuf_pool_0 size ")
	if _, err := fmt.Sscanf(at, "8192 used %d\n", &used); !found || err != nil || used == 0 {
		t.Errorf("the C program sees no mbufs in use: %v\n%s", err, out)
	}
}

// compile builds a C program that links DPDK.
func compile(t *testing.T, e *testenv.Env, source string) string {
	t.Helper()
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "libdpdk").Output()
	if err != nil {
		t.Fatalf("pkg-config: %v", err)
	}
	program := filepath.Join(e.Dir, strings.TrimSuffix(filepath.Base(source), ".c"))
	e.Output("gcc", append([]string{"-O1", "-Wall", "-Werror", "-o", program, source}, strings.Fields(string(flags))...)...)
	return program
}
