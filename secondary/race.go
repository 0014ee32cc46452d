package secondary

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// fallbackDelay is package net's.
const fallbackDelay = 300 * time.Millisecond

// race tries the addresses of the first one's IP version, and after a while those of the other at the same time. The first
// connection wins. When there is none, the error is that of the preferred version.
func (a *attempt) race(ctx context.Context, remotes []netip.AddrPort) (net.Conn, error) {
	primaries, fallbacks := partition(remotes)
	if len(fallbacks) == 0 {
		return a.serial(ctx, primaries)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the loser
	primary, fallback := make(racer, 1), make(racer, 1)
	go primary.run(ctx, a, primaries)

	delay := a.FallbackDelay
	if delay == 0 {
		delay = fallbackDelay
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case r := <-primary:
		if r.err == nil {
			return r.conn, nil
		}
		primary <- r
	}
	go fallback.run(ctx, a, fallbacks)
	return first(primary, fallback)
}

// racer is where the result of an attempt at several addresses comes.
type racer chan result

type result struct {
	conn net.Conn
	err  error
}

func (r racer) run(ctx context.Context, a *attempt, remotes []netip.AddrPort) {
	conn, err := a.serial(ctx, remotes)
	r <- result{conn, err}
}

// first waits for a connection, or for both errors.
func first(primary, fallback racer) (net.Conn, error) {
	var failed error
	for waiting := [2]racer{primary, fallback}; waiting[0] != nil || waiting[1] != nil; {
		var r result
		var other racer
		select {
		case r = <-waiting[0]:
			waiting[0], other = nil, waiting[1]
			failed = r.err
		case r = <-waiting[1]:
			waiting[1], other = nil, waiting[0]
		}
		if r.err == nil {
			if other != nil {
				go other.discard()
			}
			return r.conn, nil
		}
	}
	return nil, failed
}

// discard closes what comes too late.
func (r racer) discard() {
	if late := <-r; late.err == nil {
		late.conn.Close()
	}
}

// partition splits addresses into those of the first one's IP version, and the others.
func partition(addrs []netip.AddrPort) (primaries, fallbacks []netip.AddrPort) {
	for _, addr := range addrs {
		if addr.Addr().Is4() == addrs[0].Addr().Is4() {
			primaries = append(primaries, addr)
		} else {
			fallbacks = append(fallbacks, addr)
		}
	}
	return primaries, fallbacks
}

// serial tries one address after the other. The error is the first one's, or the context's.
func (a *attempt) serial(ctx context.Context, remotes []netip.AddrPort) (net.Conn, error) {
	var failed error
	for i, remote := range remotes {
		if err := ctx.Err(); err != nil {
			return nil, a.failed(remote, contextError(err))
		}
		c, err := a.single(ctx, remote, len(remotes)-i)
		if err == nil {
			return c, nil
		}
		if failed == nil {
			failed = a.failed(remote, err)
		}
	}
	return nil, failed
}

// single tries an address, the first of n, for its share of the time that is left.
func (a *attempt) single(ctx context.Context, remote netip.AddrPort, n int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && n > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, share(time.Until(deadline), n))
		defer cancel()
	}
	return a.connect(ctx, remote)
}

// leastShare is package net's: less is no time to connect in.
const leastShare = 2 * time.Second

// share is how long the first of n addresses is tried when so much time is left for all.
func share(left time.Duration, n int) time.Duration { return max(left/time.Duration(n), leastShare) }
