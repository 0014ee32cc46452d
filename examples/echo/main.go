// Command echo sends back what it receives, over TCP and UDP (RFC 862), on the stack of a secondary.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"ringstack/secondary"
)

func main() {
	listen := pflag.StringP("listen", "l", ":7", "`address` to serve on, TCP and UDP")
	socket := pflag.StringP("socket", "s", "", "the primary's control socket, a `path`")
	group := pflag.StringP("group", "g", "", "`name` of the secondaries that share the port (default echo)")
	wait := pflag.DurationP("wait", "w", 10*time.Second, "how long to wait for the primary")
	drain := pflag.DurationP("drain", "d", 5*time.Second, "how long connections may take to end after SIGTERM")
	pflag.Parse()
	if err := serve(*listen, secondary.Config{Socket: *socket, Group: *group}, *wait, *drain); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
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
	l, err := s.Listen("tcp", address)
	if err != nil {
		return err
	}
	p, err := s.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	go echoConns(l)
	go echoPackets(p)
	fmt.Printf("echo: proc %d serves on %s (TCP) and %s (UDP)\n", s.ProcID(), l.Addr(), p.LocalAddr())
	select {
	case <-ctx.Done():
		stop() // another signal ends the program at once
		shutdown(s, drain)
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
		fmt.Fprintln(os.Stderr, "echo:", err)
	}
}

// echoConns serves connections until l is closed.
func echoConns(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			io.Copy(c, c) // until the peer has said all, or is gone
		}()
	}
}

// echoPackets serves datagrams until p is closed.
func echoPackets(p net.PacketConn) {
	buf := make([]byte, 65535)
	for {
		n, from, err := p.ReadFrom(buf)
		if err != nil {
			return
		}
		p.WriteTo(buf[:n], from) // one that cannot be answered is lost, as on any network
	}
}
