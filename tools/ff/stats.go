package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"ringstack/msg"
)

func statsCommand() *command {
	var f statsFlags
	return &command{
		name: "stats", args: "[PREFIX]...", nargs: math.MaxInt,
		short: "print the counters and levels of ports, rings and drop reasons",
		long:  "With PREFIXes only those whose names begin with one of them; with --proc N only those of procN.\n",
		flags: f.add,
		run:   f.run,
	}
}

type statsFlags struct{ nonzero bool }

func (f *statsFlags) add(fs *pflag.FlagSet) {
	fs.BoolVarP(&f.nonzero, "nonzero", "z", false, "leave out what is 0")
}

func (f *statsFlags) run(ctx context.Context, t *tool, prefixes []string) error {
	var all []msg.Stat
	if err := t.call(ctx, msg.KindStats, msg.ProcRequest{Proc: int(t.proc)}, &all); err != nil {
		return err
	}
	if t.proc != msg.AnyProc {
		all = statsBelow(all, fmt.Sprintf("proc%d.", t.proc))
		if len(all) == 0 {
			return msg.Errorf(syscall.ESRCH, "the primary says nothing of proc %d", t.proc)
		}
	}
	for _, prefix := range prefixes {
		if prefix != "" && len(statsBelow(all, prefix)) == 0 {
			return fmt.Errorf("no counter begins with %q: there are %s", prefix, strings.Join(firstParts(all), ", "))
		}
	}
	shown := all
	if len(prefixes) > 0 {
		shown = statsBelow(all, prefixes...)
	}
	if f.nonzero {
		shown = slices.DeleteFunc(shown, func(s msg.Stat) bool { return s.Value == 0 })
	}
	return t.printStats(shown)
}

// statsBelow returns those whose names begin with one of prefixes, in their order.
func statsBelow(all []msg.Stat, prefixes ...string) (below []msg.Stat) {
	for _, s := range all {
		if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(s.Name, prefix) }) {
			below = append(below, s)
		}
	}
	return below
}

// firstParts returns what stands before the first dot of the names, each once, in their order.
func firstParts(all []msg.Stat) (parts []string) {
	for _, s := range all {
		part, _, _ := strings.Cut(s.Name, ".")
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return parts
}

func (t *tool) printStats(stats []msg.Stat) error {
	if t.json {
		return t.printJSON(append([]msg.Stat{}, stats...))
	}
	var rows table
	for _, s := range stats {
		rows = append(rows, []string{printable(s.Name), strconv.FormatUint(s.Value, 10)})
	}
	if len(rows) > 0 {
		rows.write(t.out, 1)
	}
	return nil
}
