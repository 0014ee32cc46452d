package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/site"
	"ringstack/internal/testenv"
)

// TestHTTPClient has Go's clients on the stack visit a site in the namespace.
func TestHTTPClient(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	id := newIdentity(t, e)
	kernel := serveSite(t, e, id)
	s := attach(t, e, "")
	visitEachWay(t, s.DialContext, id, testenv.Peer4, testenv.Peer6)
	t.Run("pool", func(t *testing.T) { clientPool(t, s.DialContext, id, kernel) })
	t.Run("resumption", func(t *testing.T) { clientResumes(t, s.DialContext, id) })
	t.Run("timeouts", func(t *testing.T) { clientTimeouts(t, s.DialContext, id, kernel) })
}

// clientPool has many requests share few connections, which are kept.
func clientPool(t *testing.T, dial site.Dial, id identity, kernel *site.Site) {
	const most = 4
	v, transport := newVisitor(t, testenv.Peer4, true, 1, dial, id)
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = most, most
	var opened, reused atomic.Int32
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		if c.Reused {
			reused.Add(1)
		} else {
			opened.Add(1)
		}
	}})
	const n = 100
	if err := site.AtOnce(n, func(i int) error { return v.Page(ctx, uint64(i), 10_000) }); err != nil {
		t.Error(err)
	}
	if opened.Load() > most || opened.Load()+reused.Load() != n {
		t.Errorf("%d requests had %d new connections and %d kept ones, with a limit of %d", n, opened.Load(), reused.Load(), most)
	}
}

// clientResumes opens connections one after another, of which all but the first resume the TLS session.
func clientResumes(t *testing.T, dial site.Dial, id identity) {
	v, transport := newVisitor(t, testenv.Peer6, true, 1, dial, id)
	transport.DisableKeepAlives = true
	transport.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	var resumed []bool
	transport.TLSClientConfig.VerifyConnection = func(state tls.ConnectionState) error {
		resumed = append(resumed, state.DidResume)
		return nil
	}
	for i := range 3 {
		if err := v.Page(t.Context(), uint64(i), 1<<20); err != nil {
			t.Error(err)
		}
	}
	if fmt.Sprint(resumed) != "[false true true]" {
		t.Errorf("sessions were resumed as %v", resumed)
	}
}

// clientTimeouts ends requests that are not answered; the site notices, and the client goes on.
func clientTimeouts(t *testing.T, dial site.Dial, id identity, kernel *site.Site) {
	const limit = 100 * time.Millisecond
	timedOut := func(err error) bool {
		var timeout net.Error
		return errors.As(err, &timeout) && timeout.Timeout()
	}
	for proto := 1; proto <= 2; proto++ {
		v, transport := newVisitor(t, testenv.Peer4, true, proto, dial, id)
		for _, c := range []struct {
			name  string
			visit func() error
			is    func(error) bool
		}{
			{"timeout of the request", func() error {
				v.Client.Timeout = limit
				return v.Hold(t.Context())
			}, timedOut},
			{"timeout within a body", func() error {
				v.Client.Timeout = limit
				return v.Events(t.Context(), 1<<30)
			}, timedOut},
			{"cancelled", func() error {
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- v.Hold(ctx) }()
				testenv.Eventually(t, answerWithin, "the visitor stays", func() bool { return kernel.Staying() == 1 })
				cancel()
				return <-ended
			}, func(err error) bool { return errors.Is(err, context.Canceled) }},
			{"refused", func() error {
				reply, err := v.Client.Get("http://" + net.JoinHostPort(testenv.Peer4, "81"))
				if err == nil {
					reply.Body.Close()
				}
				return err
			}, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
			{"silent address", func() error {
				v.Client.Timeout = limit
				reply, err := v.Client.Get("http://198.51.100.1")
				if err == nil {
					reply.Body.Close()
				}
				return err
			}, timedOut},
		} {
			if err := c.visit(); !c.is(err) {
				t.Errorf("HTTP/%d, %s: %v", proto, c.name, err)
			}
			testenv.Eventually(t, answerWithin, "the site notices", func() bool { return kernel.Staying() == 0 })
			v.Client.Timeout = visitLimit
			if err := v.Page(t.Context(), 1, 100_000); err != nil {
				t.Errorf("HTTP/%d, after %s: %v", proto, c.name, err)
			}
		}
		transport.CloseIdleConnections()
	}
}

// TestReverseProxy has visitors in the namespace visit a site in the namespace through a proxy on the stack.
func TestReverseProxy(t *testing.T) {
	e, id, _ := newWeb(t, "http://"+net.JoinHostPort(testenv.Peer4, "80"))
	kernel := serveSite(t, e, id)
	v, _ := newVisitor(t, testenv.Stack4, true, 2, e.DialContext, id)
	visitAll(t, v)
	testenv.Eventually(t, answerWithin, "the site notices that the visitors of the proxy have left", func() bool {
		return kernel.Staying() == 0
	})
	one, _ := newVisitor(t, testenv.Stack6, false, 1, e.DialContext, id)
	err := site.AtOnce(16, func(i int) error {
		return errors.Join(one.Page(t.Context(), uint64(i), int64(i*50_000)), one.Upload(t.Context(), uint64(i), int64(i*50_000), i%2 == 0))
	})
	if err != nil {
		t.Errorf("HTTP/1.1: %v", err)
	}
	if err := chat(t.Context(), testenv.Stack6, true, e.DialContext, id); err != nil {
		t.Errorf("WebSocket: %v", err)
	}
}
