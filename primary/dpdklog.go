package primary

import (
	"strings"
	"sync"

	"github.com/rs/zerolog"
)

// dpdkTail keeps DPDK's last complaint, which says more than its errno.
type dpdkTail struct {
	mu   sync.Mutex
	last string
}

// logDPDK passes a line of DPDK's log on. DPDK writes no level into its lines; what looks like a
// failure is a warning.
func (p *Primary) logDPDK(line string) {
	line = strings.TrimSpace(line)
	if line == "" {
		return
	}
	level := zerolog.DebugLevel
	lower := strings.ToLower(line)
	for _, word := range []string{"error", "cannot", "fail", "invalid", "fatal", "unable"} {
		if strings.Contains(lower, word) {
			level = zerolog.WarnLevel
			p.tail.mu.Lock()
			p.tail.last = line
			p.tail.mu.Unlock()
			break
		}
	}
	p.log.WithLevel(level).Str("component", "dpdk").Msg(line)
}

// lastDPDK returns DPDK's last complaint.
func (p *Primary) lastDPDK() string {
	p.tail.mu.Lock()
	defer p.tail.mu.Unlock()
	if p.tail.last == "" {
		return "nothing"
	}
	return p.tail.last
}
