// Command ff looks into a running ringstack: its processes, their load, traffic and variables.
// It speaks to the primary's control socket; any number of them may run at a time.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	os.Exit(run(ctx, os.Args, os.Stdout, os.Stderr))
}
