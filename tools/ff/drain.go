package main

import (
	"context"
	"time"

	"ringstack/msg"
)

const (
	drainTimeout = duration(30 * time.Second)
	drainMargin  = duration(5 * time.Second) // for the secondary to let go, and the primary to say so
)

func drainCommand() *command {
	return &command{
		name: "drain", short: "let a secondary's connections end, then end the secondary", timeout: drainTimeout,
		proc: "the secondary", time: "how long its connections may take to end",
		long: `New connections go to the other secondaries of its group. If there is none, they have to try again
until there is one: start it now. Those that the secondary has go on until they end, or until the
timeout has passed: then they are cut off. The command returns when the secondary has gone; ff ps
shows it as draining meanwhile. Programs that were sent SIGTERM drain by themselves. What a supervisor
keeps is started again: ff stop ends it for good, and drains it, too.
`,
		run: drain,
	}
}

func drain(ctx context.Context, t *tool, _ []string) error {
	if t.proc == msg.AnyProc {
		return usageErrorf("name the secondary: ff ps lists them, --proc takes one")
	}
	req := msg.DrainRequest{Proc: int(t.proc), TimeoutMS: max(time.Duration(t.timeout).Milliseconds(), 1)}
	t.timeout += drainMargin
	return t.call(ctx, msg.KindDrain, req, nil)
}
