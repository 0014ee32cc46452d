package secondary

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ringstack/msg"
	"ringstack/secondary/engine"
)

// slowEngine connects as a table says, and notes when each address was tried.
type slowEngine struct {
	engine.Engine
	hosts map[string]slowHost

	mu    sync.Mutex
	tried []string
	open  int // connections
	start time.Time
}

// slowHost answers after a time; one that is not in the table never does.
type slowHost struct {
	after time.Duration
	err   error
}

type slowConn struct {
	net.Conn
	remote netip.AddrPort
	e      *slowEngine
}

func (c *slowConn) Close() error {
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	c.e.open--
	return nil
}

func (e *slowEngine) DialTCP(ctx context.Context, _, remote netip.AddrPort, _ *engine.Options) (net.Conn, error) {
	e.mu.Lock()
	e.tried = append(e.tried, fmt.Sprintf("%s@%v", remote.Addr(), time.Since(e.start)))
	e.mu.Unlock()
	host, known := e.hosts[remote.Addr().String()]
	if !known {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	select {
	case <-time.After(host.after):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if host.err != nil {
		return nil, host.err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open++
	return &slowConn{remote: remote, e: e}, nil
}

// The times are those of RFC 8305 and of package net's Dialer.
func TestRace(t *testing.T) {
	const ms = time.Millisecond
	refused := slowHost{10 * ms, syscall.ECONNREFUSED}
	for _, c := range []struct {
		name    string
		hosts   map[string]slowHost
		addrs   []string
		timeout time.Duration
		delay   time.Duration // FallbackDelay
		tried   string
		won     string // or the error
		took    time.Duration
	}{
		{
			name: "the preferred version is quick", addrs: []string{"fd00::1", "10.0.0.1"},
			hosts: map[string]slowHost{"fd00::1": {after: 299 * ms}, "10.0.0.1": {}},
			tried: "[fd00::1@0s]", won: "fd00::1", took: 299 * ms,
		}, {
			name: "the preferred version is silent", addrs: []string{"fd00::1", "fd00::2", "10.0.0.1"},
			hosts: map[string]slowHost{"10.0.0.1": {after: 20 * ms}},
			tried: "[fd00::1@0s 10.0.0.1@300ms]", won: "10.0.0.1", took: 320 * ms,
		}, {
			name: "IPv4 is the preferred version", addrs: []string{"10.0.0.1", "fd00::1"},
			hosts: map[string]slowHost{"fd00::1": {after: 20 * ms}},
			tried: "[10.0.0.1@0s fd00::1@300ms]", won: "fd00::1", took: 320 * ms,
		}, {
			name: "the preferred version is refused", addrs: []string{"fd00::1", "fd00::2", "10.0.0.1"},
			hosts: map[string]slowHost{"fd00::1": refused, "fd00::2": refused, "10.0.0.1": {after: 5 * ms}},
			tried: "[fd00::1@0s fd00::2@10ms 10.0.0.1@20ms]", won: "10.0.0.1", took: 25 * ms,
		}, {
			name: "the preferred version is slow and wins", addrs: []string{"fd00::1", "10.0.0.1"},
			hosts: map[string]slowHost{"fd00::1": {after: 400 * ms}, "10.0.0.1": {after: 200 * ms}},
			tried: "[fd00::1@0s 10.0.0.1@300ms]", won: "fd00::1", took: 400 * ms,
		}, {
			name: "the other is refused, the preferred version is slow", addrs: []string{"fd00::1", "10.0.0.1"},
			hosts: map[string]slowHost{"fd00::1": {after: time.Second}, "10.0.0.1": refused},
			tried: "[fd00::1@0s 10.0.0.1@300ms]", won: "fd00::1", took: time.Second,
		}, {
			name: "the error is the preferred version's", addrs: []string{"fd00::1", "10.0.0.1"},
			hosts: map[string]slowHost{"fd00::1": {10 * ms, syscall.EHOSTUNREACH}, "10.0.0.1": refused},
			tried: "[fd00::1@0s 10.0.0.1@10ms]", won: "dial tcp [fd00::1]:80: connect: no route to host", took: 20 * ms,
		}, {
			name: "another delay", addrs: []string{"fd00::1", "10.0.0.1"}, delay: 50 * ms,
			hosts: map[string]slowHost{"10.0.0.1": {}},
			tried: "[fd00::1@0s 10.0.0.1@50ms]", won: "10.0.0.1", took: 50 * ms,
		}, {
			name: "the time is shared", addrs: []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}, timeout: 9 * time.Second,
			hosts: map[string]slowHost{"10.0.0.3": {}},
			tried: "[10.0.0.1@0s 10.0.0.2@3s 10.0.0.3@6s]", won: "10.0.0.3", took: 6 * time.Second,
		}, {
			name: "no share is below 2 s", addrs: []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}, timeout: 3 * time.Second,
			tried: "[10.0.0.1@0s 10.0.0.2@2s]", won: "dial tcp 10.0.0.3:80: i/o timeout", took: 3 * time.Second,
		}, {
			name: "a quick error leaves its time to the others", addrs: []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}, timeout: 9 * time.Second,
			hosts: map[string]slowHost{"10.0.0.1": {0, syscall.ECONNREFUSED}, "10.0.0.3": {}},
			tried: "[10.0.0.1@0s 10.0.0.2@0s 10.0.0.3@4.5s]", won: "10.0.0.3", took: 4500 * ms,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &slowEngine{hosts: c.hosts, start: time.Now()}
				s := &Secondary{engine: e}
				s.leases.ask = func(context.Context) (msg.LeaseReply, error) { return msg.LeaseReply{First: 10240, N: 256}, nil }
				n, _ := parseNetwork("tcp")
				a := &attempt{Dialer: &Dialer{Secondary: s, FallbackDelay: c.delay}, network: n}
				var remotes []netip.AddrPort
				for _, addr := range c.addrs {
					remotes = append(remotes, netip.AddrPortFrom(netip.MustParseAddr(addr), 80))
				}
				ctx := t.Context()
				if c.timeout != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.timeout)
					defer cancel()
				}
				conn, err := a.race(ctx, remotes)
				if took := time.Since(e.start); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				won := fmt.Sprint(err)
				if err == nil {
					won = conn.(*slowConn).remote.Addr().String()
				}
				if won != c.won {
					t.Errorf("%s, want %s", won, c.won)
				}
				synctest.Wait()
				time.Sleep(time.Hour) // the loser has ended
				want := 0
				if err == nil {
					want = 1
				}
				if got := fmt.Sprint(e.tried); got != c.tried || e.open != want {
					t.Errorf("tried %s, want %s; %d connections are open", got, c.tried, e.open)
				}
			})
		})
	}
}

func TestRaceIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Secondary{engine: &slowEngine{start: time.Now()}}
		s.leases.ask = func(context.Context) (msg.LeaseReply, error) { return msg.LeaseReply{First: 10240, N: 256}, nil }
		n, _ := parseNetwork("tcp")
		a := &attempt{Dialer: &Dialer{Secondary: s}, network: n}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := a.race(ctx, []netip.AddrPort{netip.MustParseAddrPort("[fd00::1]:80"), netip.MustParseAddrPort("10.0.0.1:80")})
		if !errors.Is(err, context.Canceled) || err.Error() != "dial tcp [fd00::1]:80: operation was canceled" {
			t.Errorf("%v", err)
		}
	})
}

// A connection that comes when another has won is closed.
func TestLateConnectionIsClosed(t *testing.T) {
	primary, fallback := make(racer, 1), make(racer)
	primary <- result{conn: lateConn{}}
	if _, err := first(primary, fallback); err != nil {
		t.Fatal(err)
	}
	late := lateConn{closed: make(chan struct{})}
	fallback <- result{conn: late}
	<-late.closed
}

type lateConn struct {
	net.Conn
	closed chan struct{}
}

func (c lateConn) Close() error {
	close(c.closed)
	return nil
}
