// Command dialer is a secondary under test: it opens many connections at once, has each of them
// answered, closes them, and prints which local ports it had.
//
//	dialer <network> <address> <connections>
//
// The server answers a line with the address it came from, a space, and the line itself.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"ringstack/secondary"
)

const (
	patience = 30 * time.Second
	resend   = 500 * time.Millisecond // of a datagram without answer
)

func main() {
	if len(os.Args) != 4 {
		fail(errors.New("usage: dialer <network> <address> <connections>"))
	}
	n, err := strconv.Atoi(os.Args[3])
	if err != nil {
		fail(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := secondary.Attach(ctx, secondary.Config{})
	if err != nil {
		fail(err)
	}
	fmt.Printf("dialer: proc %d\n", s.ProcID())
	conns := make([]net.Conn, n)
	err = each(n, func(i int) (err error) {
		if conns[i], err = s.DialContext(ctx, os.Args[1], os.Args[2]); err != nil {
			return err
		}
		return ask(conns[i], fmt.Sprintf("proc %d connection %d", s.ProcID(), i))
	})
	if err != nil {
		fail(err)
	}
	if err := each(n, func(i int) error { return conns[i].Close() }); err != nil {
		fail(err)
	}
	fmt.Println("ports", strings.Join(ports(conns), " "), "end")
	<-s.Done() // the last acknowledgements are the stack's: it lives until the test is done with it
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "dialer:", err)
	os.Exit(1)
}

// each calls f(0) to f(n-1), all at once.
func each(n int, f func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// ask sends a line and checks its answer, which names our end of the connection as the server sees it.
func ask(c net.Conn, line string) error {
	want := c.LocalAddr().String() + " " + line + "\n"
	in := bufio.NewReader(c)
	for deadline := time.Now().Add(patience); ; {
		if _, err := c.Write([]byte(line + "\n")); err != nil {
			return err
		}
		next := deadline
		if c.LocalAddr().Network() == "udp" {
			next = time.Now().Add(resend)
		}
		if err := c.SetReadDeadline(next); err != nil {
			return err
		}
		got, err := in.ReadString('\n')
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(deadline):
			continue
		case err != nil:
			return fmt.Errorf("%s: %w", line, err)
		case got != want:
			return fmt.Errorf("answer %q, want %q", got, want)
		}
		return nil
	}
}

func ports(conns []net.Conn) []string {
	var list []string
	for _, c := range conns {
		_, port, _ := net.SplitHostPort(c.LocalAddr().String()) // of an address that package net has made
		list = append(list, port)
	}
	return list
}
