package e2e

import (
	"strings"
	"testing"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// vitals are the signs that a primary goes on.
type vitals struct {
	pid   int
	stats map[string]uint64
}

// feel takes the vitals.
func feel(t testing.TB, tool *msg.Client) vitals {
	t.Helper()
	for _, p := range testenv.Ask[msg.PsReply](t, tool, msg.KindPs, nil).Procs {
		if p.Role == msg.RolePrimary {
			return vitals{p.PID, testenv.Stats(t, tool)}
		}
	}
	t.Fatal("ps does not show the primary")
	return vitals{}
}

// wantAlive fails the test when the primary is not the one that it was, or has not turned since.
func (v vitals) wantAlive(t testing.TB, now vitals) {
	t.Helper()
	if now.pid != v.pid || now.stats["primary.turns"] <= v.stats["primary.turns"] {
		t.Fatalf("the primary stopped: pid %d, %d turns; now pid %d, %d turns",
			v.pid, v.stats["primary.turns"], now.pid, now.stats["primary.turns"])
	}
}

// wantViolations checks that of all violations only one has been counted, once; "" is none.
func wantViolations(t *testing.T, before, after vitals, violation string) {
	t.Helper()
	for name, n := range after.stats {
		want := before.stats[name]
		if name == "violation."+violation {
			want++
		}
		if strings.HasPrefix(name, "violation.") && n != want {
			t.Errorf("%s is %d, want %d", name, n, want)
		}
	}
}
