// Command courier is a secondary under test: it sends and receives parcels.
//
//	courier [flags]
//
// On each connection it takes orders, a line each: "get SEED N" has it send the N bytes of a seed, "put SEED N" has it receive them and
// answer "ok", or what was wrong. Orders are carried out one after the other.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"ringstack/internal/e2e/parcel"
	"ringstack/secondary"
)

func main() {
	listen := pflag.StringSlice("listen", []string{":80"}, "`addresses` to serve on")
	group := pflag.String("group", "", "`name` of the group")
	proc := pflag.Int("proc", -1, "wanted proc id")
	limit := pflag.Duration("reattach-timeout", 0, "how long to wait for the next primary")
	pflag.Parse()
	cfg := secondary.Config{Group: *group, ReattachTimeout: *limit}
	if *proc >= 0 {
		cfg.Proc = proc
	}
	if err := serve(cfg, *listen); err != nil {
		fmt.Fprintln(os.Stderr, "courier:", err)
		os.Exit(1)
	}
}

func serve(cfg secondary.Config, addresses []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	s, err := secondary.Attach(waiting, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, address := range addresses {
		l, err := s.Listen("tcp", address)
		if err != nil {
			return err
		}
		go accept(l)
	}
	fmt.Printf("courier: proc %d serves\n", s.ProcID())
	select {
	case <-ctx.Done():
		return nil
	case <-s.Done():
	}
	if err := s.Err(); err != secondary.ErrClosed {
		return err
	}
	return nil
}

func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return // the end of all: serve tells why
		}
		if err != nil {
			fmt.Println("courier:", err)
			return
		}
		go func() {
			defer c.Close()
			if err := work(c); err != nil {
				fmt.Printf("courier: %s: %v\n", c.RemoteAddr(), err)
			}
		}()
	}
}

// work carries out orders until the peer has no more.
func work(c net.Conn) error {
	for in := bufio.NewReader(c); ; {
		line, err := in.ReadString('\n')
		if err == io.EOF && line == "" {
			return nil
		}
		var order string
		var seed uint64
		var n int64
		if _, err := fmt.Sscanf(line, "%s %d %d\n", &order, &seed, &n); err != nil {
			return fmt.Errorf("order %q: %w", line, err)
		}
		switch p := parcel.New(seed, n); order {
		case "get":
			if _, err := io.Copy(c, p); err != nil {
				return err
			}
		case "put":
			answer := "ok"
			if _, err := io.CopyN(p, in, n); err != nil {
				answer = err.Error()
			}
			if _, err := fmt.Fprintln(c, answer); err != nil {
				return err
			}
		}
	}
}
