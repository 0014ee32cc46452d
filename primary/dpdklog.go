package primary

import (
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"

	"ringstack/cgo"
)

// dpdkTail keeps DPDK's latest complaints, which say more than its errno.
type dpdkTail struct {
	mu   sync.Mutex
	last []string
}

// maxComplaints is how many of DPDK's complaints an error repeats: its first says more than its last.
const maxComplaints = 3

// complaintWords tell complaints from the rest: DPDK writes no level into its lines.
var complaintWords = []string{"error", "cannot", "fail", "invalid", "fatal", "unable", "unrecognized", "not enough"}

// logDPDK passes a line of DPDK's log on. A complaint is a warning.
func (p *Primary) logDPDK(raw string) {
	line := strings.Replace(strings.TrimSpace(raw), "FATAL: ", "", 1) // comes with and without
	if line == "" {
		return
	}
	level := zerolog.DebugLevel
	usage := raw[0] == ' ' // is printed after a wrong argument
	if !usage && isComplaint(line) {
		level = zerolog.WarnLevel
		p.tail.add(line)
	}
	p.log.WithLevel(level).Str("component", "dpdk").Msg(line)
}

func isComplaint(line string) bool {
	line = strings.ToLower(line)
	return slices.ContainsFunc(complaintWords, func(word string) bool { return strings.Contains(line, word) })
}

func (t *dpdkTail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.Contains(t.last, line) {
		return
	}
	if len(t.last) == maxComplaints {
		t.last = slices.Delete(t.last, 0, 1)
	}
	t.last = append(t.last, line)
}

// complaints returns DPDK's latest complaints in one line.
func (p *Primary) complaints() string {
	cgo.SyncLog()
	p.tail.mu.Lock()
	defer p.tail.mu.Unlock()
	if len(p.tail.last) == 0 {
		return "nothing"
	}
	return strings.Join(p.tail.last, "; ")
}
