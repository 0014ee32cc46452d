package e2e

import (
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// family is neighbour discovery of an IP version as tcpdump shows it.
type family struct {
	stack         string // the stack's address
	filter        string // of a capture: requests and answers, both ways
	asked, answer string // in the line of a request for the stack's address; of an answer with it
	stackAsks     string // in the line of a request for the peer's address
}

var families = []family{
	{
		stack: testenv.Stack4, filter: "arp",
		asked: "who-has " + testenv.Stack4, answer: "Reply " + testenv.Stack4 + " is-at",
		stackAsks: "who-has " + testenv.Peer4,
	},
	{
		stack: testenv.Stack6, filter: "icmp6 and (ip6[40] = 135 or ip6[40] = 136)",
		asked:     "neighbor solicitation, who has " + testenv.Stack6,
		answer:    "neighbor advertisement, tgt is " + testenv.Stack6,
		stackAsks: "neighbor solicitation, who has " + testenv.Peer6,
	},
}

func TestAllLearnAndOneAnswers(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	procs := make(map[int]*testenv.Process)
	for id := range 3 {
		procs[id] = e.Secondary(httpd)
	}
	tool := e.Tool()
	for len(procs) > 0 {
		for _, f := range families {
			wantOneAnswer(t, e, f, len(procs))
		}
		leader := leaderOf(t, tool)
		if procs[leader] == nil {
			t.Fatalf("proc %d answers; alive are %v", leader, procs)
		}
		procs[leader].Kill()
		delete(procs, leader)
		testenv.Eventually(t, time.Second, "another leader", func() bool { return leaderOf(t, tool) != leader })
	}
}

// wantOneAnswer has the peer find the stack anew. One of the secondaries answers each of its
// requests, and all learn from them where the peer is: they answer it without a request of their own.
func wantOneAnswer(t *testing.T, e *testenv.Env, f family, alive int) {
	t.Helper()
	discovery := newCapture(t, e, f.filter)
	run(t, e, "ip", "neigh", "flush", "all")
	run(t, e, "ping", "-n", "-c", "1", "-w", "5", f.stack)
	seen := make(map[string]bool)
	client := browser(e)
	testenv.Eventually(t, 5*time.Second, "each of the living serves", func() bool {
		body, err := get(client, f.stack)
		if err != nil {
			t.Fatal(err)
		}
		seen[body] = true
		return len(seen) == alive
	})
	lines := discovery.lines()
	asked, answers := count(lines, f.asked), count(lines, f.answer)
	if asked == 0 || answers != asked {
		t.Errorf("%s, %d alive: %d answers to %d requests: %q", f.stack, alive, answers, asked, lines)
	}
	if n := count(lines, f.stackAsks); n > 0 {
		t.Errorf("%s, %d alive: %d requests of their own: %q", f.stack, alive, n, lines)
	}
}

// run runs a command in the test's namespace; it has to succeed.
func run(t *testing.T, e *testenv.Env, name string, args ...string) string {
	t.Helper()
	out, err := e.Netns(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// leaderOf returns the id of the secondary that answers for all, or msg.AnyProc.
func leaderOf(t *testing.T, tool *msg.Client) int {
	t.Helper()
	for _, proc := range testenv.Ask[msg.PsReply](t, tool, msg.KindPs, nil).Procs {
		if proc.Leader {
			return proc.ID
		}
	}
	return msg.AnyProc
}
