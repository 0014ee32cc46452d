package e2e

import (
	"bufio"
	"fmt"
	"net"
	"testing"
	"time"

	"ringstack/internal/site"
	"ringstack/internal/testenv"
)

// TestCrowd has 1,000 connections from the namespace open at once, each of which then fetches pages of its own.
func TestCrowd(t *testing.T) {
	const n, rounds = 1000, 5
	e, _, _ := newWeb(t)
	for _, ip := range []string{testenv.Stack4, testenv.Stack6} {
		conns := make([]net.Conn, n)
		start := time.Now()
		err := e.In(func() (err error) {
			for i := range conns {
				if conns[i], err = net.DialTimeout("tcp", net.JoinHostPort(ip, "80"), answerWithin); err != nil {
					return fmt.Errorf("connection %d: %w", i, err)
				}
				t.Cleanup(func() { conns[i].Close() })
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		connected := time.Now()
		err = site.AtOnce(n, func(i int) error {
			conns[i].SetDeadline(time.Now().Add(visitLimit))
			in := bufio.NewReader(conns[i])
			for round := range rounds {
				if err := site.Fetch(conns[i], in, uint64(i*rounds+round), int64(i*17%8000)); err != nil {
					return fmt.Errorf("connection %d, round %d: %w", i, round, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		t.Logf("%s: %d connections in %v, %d pages in %v", ip, n, connected.Sub(start), n*rounds, time.Since(connected))
	}
}
