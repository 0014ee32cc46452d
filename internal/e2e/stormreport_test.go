package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// report tells what there was, and when it failed or is wanted, in which order.
func (s *storm) report() {
	if s.t.Failed() || testing.Verbose() {
		s.t.Logf("what was done, at which second:\n%s", strings.Join(s.journal, "\n"))
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	say := func(what, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", what, fmt.Sprintf(format, args...)) }
	again := fmt.Sprintf("-storm %v -seed %d", *stormFor, s.seed)
	if *stormHuge {
		again += " -huge"
	}
	say("a storm of", "%v, like go test ./internal/e2e -run '^TestStorm$' %s", s.took.Round(time.Second), again)
	for _, what := range slices.Sorted(maps.Keys(s.actions)) {
		say(what, "%d", s.actions[what])
	}
	s.reportCourse(say)
	s.reportLeaks(say)
	w.Flush()
	s.t.Logf("report\n%s", text.String())
}

// reportCourse tells how the traffic went.
func (s *storm) reportCourse(say func(what, format string, args ...any)) {
	say("died", "%s", s.tellDeaths())
	say("primary away", "%v at most, after that %v until all secondaries were back", round(s.helm.away.longest()), round(s.slowest.back))
	say("balance", "exact within %v of each end", round(s.slowest.balance))
	for _, l := range []*load{s.pages, s.errands} {
		if l != nil {
			requests, took := l.requests.Load(), time.Duration(l.latest.Load())
			say(fmt.Sprintf("port %d", l.port), "%d requests, %.0f/s, on %d connections; %d failed, with whom they were to", requests,
				float64(requests)/took.Seconds(), l.connections.Load(), len(l.failed()))
			say("", "without an answer %v at most to anybody, %v to one request", round(time.Duration(l.gap.Load())), round(time.Duration(l.slowest.Load())))
		}
	}
	if s.long != nil {
		all, one := s.long.widest()
		say("long transfers", "%d connections, %d MB; without progress %v at most on all, %v on one",
			len(s.long.conns), s.long.bytes.Load()>>20, round(all), round(one))
	}
	if s.tools != nil {
		s.tools.report(say)
	}
}

// reportLeaks tells what those have that were there from the beginning to the end.
func (s *storm) reportLeaks(say func(what, format string, args ...any)) {
	for i, before := range s.before.processes {
		say(before.name, "%v", before)
		if i < len(s.now.processes) {
			say("  at the end", "%v", s.now.processes[i])
		}
	}
	say("files", "%s", s.before.baseNames())
	say("  at the end", "%s", s.now.baseNames())
}

func (c census) baseNames() string {
	var names []string
	for _, file := range c.files {
		names = append(names, filepath.Base(file))
	}
	return strings.Join(names, " ")
}

// report tells what tools said that failed since the primary was away or a secondary was not there to answer.
func (l *lookers) report(say func(what, format string, args ...any)) {
	for _, name := range slices.Sorted(maps.Keys(l.done)) {
		say("ff "+name, "%d times", l.done[name])
	}
	say("", "%v at most", round(l.slow))
	for _, line := range slices.SortedFunc(maps.Keys(l.told), func(a, b string) int { return cmp.Compare(l.told[b], l.told[a]) }) {
		say("  failed", "%d times: %s", l.told[line], line)
	}
}

// longest returns how long the longest one was.
func (s spans) longest() (d time.Duration) {
	for _, one := range s {
		d = max(d, one.to.Sub(one.from))
	}
	return d
}
