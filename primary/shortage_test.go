package primary

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"ringstack/dispatch"
)

// TestShortagesAreToldOnce: each has a line when it begins, and one a minute while it lasts.
func TestShortagesAreToldOnce(t *testing.T) {
	var log bytes.Buffer
	p := &Primary{log: zerolog.New(&log)}
	p.shortages = newShortages()
	tell := func(after time.Duration) (lines []string) {
		p.now += after
		p.tellShortages()
		defer log.Reset()
		return strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
	}
	if lines := tell(0); lines[0] != "" {
		t.Errorf("nothing is short: %q", lines)
	}
	p.starved, p.drops.own[dropNoMbuf], p.drops.own[dropQuota], p.drops.own[dropRingFull] = 1, 2, 4, 5
	p.drops.parsed[dispatch.ReasonPinsFull], p.drops.parsed[dispatch.ReasonFragEvicted], p.drops.parsed[dispatch.ReasonFragTooMany] = 6, 7, 8
	lines := tell(0)
	for i, want := range []string{`"times":3`, `"times":4`, `"times":5`, `"times":6`, `"times":15`} {
		if len(lines) != 5 || !strings.Contains(lines[i], want) || !strings.Contains(lines[i], `"short of `) || !strings.Contains(lines[i], `"advice":"`) {
			t.Fatalf("%s is not in line %d of %q", want, i, lines)
		}
	}
	p.starved += 10
	if lines := tell(shortageQuiet - 1); lines[0] != "" {
		t.Errorf("told again too soon: %q", lines)
	}
	if lines := tell(1); len(lines) != 1 || !strings.Contains(lines[0], `"times":10`) {
		t.Errorf("a minute later: %q", lines)
	}
	if lines := tell(time.Hour); lines[0] != "" {
		t.Errorf("it is over: %q", lines)
	}
}
