package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"ringstack/msg"
)

// orderTimeout is how long it may take until all that was named has been stopped and started.
const orderTimeout = duration(10 * time.Minute)

// supervisorCommands returns those that ask the supervisor.
func supervisorCommands() []*command {
	return []*command{
		{
			name: "status", noProc: true, short: "list what the supervisor keeps running",
			long: `STATE is live (does its work), starting, stopping, stopped, or waiting to be started again.
RESTARTS counts how often it was started again after it had ended by itself, LAST END is how.
`,
			run: showUnits,
		},
		orderCommand("start", msg.KindStart, "start processes that were stopped, and wait until they are live",
			"A process that waits to be started again is started at once.\n"),
		orderCommand("stop", msg.KindStop, "stop processes, and wait until they have ended",
			"SIGTERM, then after the stop_timeout of their section SIGKILL.\n"),
		orderCommand("restart", msg.KindRestart, "restart processes, one after the other",
			"Those that do not serve come first; the next is stopped when the one before serves again. The only one of\na section that serves gets a successor first, unless it has a proc_id. The primary's configuration is checked before it is stopped. After\na failure, the rest of the section and what follows is left alone.\n"),
	}
}

func orderCommand(name string, kind msg.Kind, short, long string) *command {
	return &command{
		name: name, args: "NAME...", nargs: math.MaxInt, short: short, noProc: true, timeout: orderTimeout,
		long: long + "NAME is a process as ff status lists it, a section (web is [proc.web]: web.0, web.1, ...), or\n" +
			"primary. The supervisor obeys root, and the user that the processes run as.\n",
		run: func(ctx context.Context, t *tool, names []string) error {
			if len(names) == 0 {
				return usageErrorf("name what to %s: ff status lists the processes", name)
			}
			t.server = supervisor
			return t.call(ctx, kind, msg.UnitsRequest{Names: names}, nil)
		},
	}
}

func showUnits(ctx context.Context, t *tool, _ []string) error {
	t.server = supervisor
	var units []msg.Unit
	if err := t.call(ctx, msg.KindUnits, nil, &units); err != nil {
		return err
	}
	if t.json {
		return t.printJSON(append([]msg.Unit{}, units...))
	}
	rows := table{{"NAME", "STATE", "PID", "UPTIME", "RESTARTS", "LAST END"}}
	for i := range units {
		rows = append(rows, unitRow(&units[i]))
	}
	rows.write(t.out, 2, 3, 4)
	return nil
}

func unitRow(u *msg.Unit) []string {
	row := []string{orDash(u.Name), orDash(u.State), "-", "-", strconv.Itoa(u.Restarts), orDash(u.LastEnd)}
	if u.PID > 0 {
		row[2], row[3] = strconv.Itoa(u.PID), uptime(u.Uptime)
	}
	if u.RetryIn > 0 {
		row[1] += fmt.Sprintf(" %.1fs", min(u.RetryIn, 1e6))
	}
	return row
}
