package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// report tells what there was.
func (s *storm) report() {
	if s.t.Failed() || testing.Verbose() {
		s.t.Logf("what was done, at which second:\n%s", strings.Join(s.journal, "\n"))
	}
	huge := ""
	if *stormHuge {
		huge = " -huge"
	}
	say := s.t.Logf
	say("%v of storm: go test ./internal/e2e -run '^TestStorm$' -storm %v -seed %d%s", s.took.Round(time.Second), *stormFor, s.seed, huge)
	var actions []string
	for what, n := range s.actions {
		actions = append(actions, fmt.Sprintf("%s %d", what, n))
	}
	slices.Sort(actions)
	say("actions: %s", strings.Join(actions, ", "))
	say("died %s", s.tellDeaths())
	say("the primary was away %d times, %v at most; then all secondaries were back within %v", len(s.helm.away), round(s.helm.away.longest()), round(s.slowest.back))
	s.tellLoad("pages", s.pages, "with whom they were to")
	s.tellLoad("errands", s.errands, "with whom they were to")
	if s.long != nil {
		all, one := s.long.widest()
		say("long transfers: %d connections, %d MB; without progress at most %v on all, %v on one", len(s.long.conns), s.long.bytes.Load()>>20, round(all), round(one))
	}
	if s.tools != nil {
		say("tools: %v", s.tools)
	}
	say("balance: exact within %v of each end", round(s.slowest.balance))
	for i, before := range s.before.processes {
		say("%s before: %v", before.name, before)
		if i < len(s.now.processes) {
			say("%s after:  %v", before.name, s.now.processes[i])
		}
	}
	say("files before: %v", s.before.files)
	say("files after:  %v", s.now.files)
}

func (s *storm) tellLoad(name string, l *load, with string) {
	if l == nil {
		return
	}
	requests := l.requests.Load()
	s.t.Logf("%s: %d requests, %.0f/s, on %d connections, of which %d failed, %s; at most %v without an answer to anybody, %v for a request",
		name, requests, float64(requests)/time.Duration(l.latest.Load()).Seconds(), l.connections.Load(), len(l.failed()), with,
		round(time.Duration(l.gap.Load())), round(time.Duration(l.slowest.Load())))
}

// longest returns how long the longest one was.
func (s spans) longest() (d time.Duration) {
	for _, one := range s {
		d = max(d, one.to.Sub(one.from))
	}
	return d
}
