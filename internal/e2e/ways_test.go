package e2e

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/secondary"
)

// way is a way to connect the kernel's stack, in the test's namespace, with ours.
type way struct {
	name   string
	server net.Listener
	dial   func(context.Context) (net.Conn, error)
}

// waysPort is the port of the servers of the IPv4 ways; those of IPv6 have the next one.
const waysPort = 9004

// newWays listens at both ends: the kernel dials and s does, over both IP versions.
func newWays(t *testing.T, e *testenv.Env, s *secondary.Secondary) (ways []way) {
	t.Helper()
	for i, ip := range []struct{ version, stack, peer string }{
		{"4", testenv.Stack4, testenv.Peer4}, {"6", testenv.Stack6, testenv.Peer6},
	} {
		port := strconv.Itoa(waysPort + i)
		network, ours, theirs := "tcp"+ip.version, net.JoinHostPort(ip.stack, port), net.JoinHostPort(ip.peer, port)
		l, err := s.Listen(network, ":"+port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		ways = append(ways,
			way{"kernel dials over IPv" + ip.version, l, func(ctx context.Context) (net.Conn, error) { return e.DialContext(ctx, network, ours) }},
			way{"stack dials over IPv" + ip.version, e.Listen(network, theirs), func(ctx context.Context) (net.Conn, error) {
				return s.DialContext(ctx, network, theirs)
			}},
		)
	}
	return ways
}

// eachWay runs a test of all ways at once and logs what it reports.
func eachWay(t *testing.T, ways []way, test func(w *way) (report string, err error)) {
	t.Helper()
	var all sync.WaitGroup
	for i := range ways {
		all.Go(func() {
			if report, err := test(&ways[i]); err != nil {
				t.Errorf("%s: %v", ways[i].name, err)
			} else {
				t.Logf("%s: %s", ways[i].name, report)
			}
		})
	}
	all.Wait()
}

// connect returns both ends of a connection, which fail when they take longer than patience.
func (w *way) connect(patience time.Duration) (client, server net.Conn, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	accepted := make(chan error, 1)
	go func() {
		var err error
		server, err = w.server.Accept()
		accepted <- err
	}()
	if client, err = w.dial(ctx); err != nil {
		return nil, nil, err
	}
	if err := <-accepted; err != nil {
		return nil, nil, err
	}
	for _, c := range []net.Conn{client, server} {
		err = errors.Join(err, c.SetDeadline(time.Now().Add(patience)))
	}
	return client, server, err
}
