// Command hello answers every HTTP request with the same page, by handlers that run in the loop of a secondary's stack: the
// shortest way from a frame to its answer.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"ringstack/secondary"
)

func main() {
	listen := pflag.StringP("listen", "l", ":80", "`address` to serve on")
	socket := pflag.StringP("socket", "s", "", "the primary's control socket, a `path`")
	group := pflag.StringP("group", "g", "", "`name` of the secondaries that share the port (default hello)")
	wait := pflag.DurationP("wait", "w", 10*time.Second, "how long to wait for the primary")
	drain := pflag.DurationP("drain", "d", 5*time.Second, "how long connections may take to end after SIGTERM")
	pflag.Parse()
	if err := serve(*listen, secondary.Config{Socket: *socket, Group: *group}, *wait, *drain); err != nil {
		fmt.Fprintln(os.Stderr, "hello:", err)
		os.Exit(1)
	}
}

func serve(address string, cfg secondary.Config, wait, drain time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	s, err := secondary.Attach(waiting, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	l, err := s.Serve("tcp", address, func() secondary.Handler { return new(client) })
	if err != nil {
		return err
	}
	fmt.Printf("hello: proc %d serves on %s\n", s.ProcID(), l.Addr())
	select {
	case <-ctx.Done():
		stop() // another signal ends the program at once
		shutdown(s, drain)
	case <-l.Lost():
		return l.Err()
	case <-s.Done():
	}
	if err := s.Err(); err != secondary.ErrClosed {
		return err // why the primary let us go
	}
	return nil
}

// shutdown lets others have new connections and waits until those that there are have ended.
func shutdown(s *secondary.Secondary, limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "hello:", err)
	}
}
