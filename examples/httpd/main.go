// Command httpd serves a page with Go's net/http on the stack of a secondary.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
	group := pflag.StringP("group", "g", "", "`name` of the secondaries that share the port (default httpd)")
	wait := pflag.DurationP("wait", "w", 10*time.Second, "how long to wait for the primary")
	pflag.Parse()
	if err := serve(*listen, secondary.Config{Socket: *socket, Group: *group}, *wait); err != nil {
		fmt.Fprintln(os.Stderr, "httpd:", err)
		os.Exit(1)
	}
}

func serve(address string, cfg secondary.Config, wait time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	s, err := secondary.Attach(waiting, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	l, err := s.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf("httpd: proc %d serves on %s\n", s.ProcID(), l.Addr())

	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "hello from proc %d\n", s.ProcID())
		}),
	}
	go func() {
		select {
		case <-ctx.Done():
		case <-s.Done():
		}
		drain, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		server.Shutdown(drain)
	}()
	err = server.Serve(l)
	if ctx.Err() != nil && errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	s.Close()
	return s.Err() // why the primary let us go
}
