package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringstack/msg"
)

func statsCommand() *command {
	return &command{
		name: "stats", args: "[PREFIX]", nargs: 1,
		short: "print the counters and levels of ports, rings and drop reasons",
		long:  "With a PREFIX only those whose names begin with it.\n",
		run:   stats,
	}
}

func stats(ctx context.Context, t *tool, args []string) error {
	var all []msg.Stat
	if err := t.call(ctx, msg.KindStats, msg.ProcRequest{Proc: int(t.proc)}, &all); err != nil {
		return err
	}
	prefix := strings.Join(args, "")
	shown := slices.DeleteFunc(all, func(s msg.Stat) bool { return !strings.HasPrefix(s.Name, prefix) })
	if len(shown) == 0 && prefix != "" {
		return fmt.Errorf("no counter begins with %q", prefix)
	}
	if t.json {
		return t.printJSON(append([]msg.Stat{}, shown...))
	}
	var rows table
	for _, s := range shown {
		rows = append(rows, []string{printable(s.Name), strconv.FormatUint(s.Value, 10)})
	}
	if len(rows) > 0 {
		rows.write(t.out, 1)
	}
	return nil
}
