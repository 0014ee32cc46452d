package enginetest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"ringstack/internal/site"
)

// testPool has more requests at once than the client may have connections.
func testPool(t *testing.T, a, b *host) {
	const most, n = 4, 40
	w := serveSite(t, b, b.v4)
	v, transport := w.visitor(t, a, 1)
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = most, most
	visits := result(func() error { return site.AtOnce(n, func(int) error { return v.Hold(t.Context()) }) })
	eventually(t, "all connections are in use", func() bool { return w.Staying() == most })
	w.Release()
	if err := await(t, "waiting requests", visits); err != nil {
		t.Error(err)
	}
	if err := visitAtOnce(t, v); err != nil {
		t.Error(err)
	}
	if opened := w.opened.Load(); opened != most {
		t.Errorf("%d connections were opened, want %d that are kept", opened, most)
	}
	transport.CloseIdleConnections()
	eventually(t, "idle connections are closed", func() bool { return w.open.Load() == 0 })
}

// testIdleConnections has a server that closes idle connections just when the client may use them again: no request
// fails by that.
func testIdleConnections(t *testing.T, a, b *host) {
	const idle = 2 * time.Millisecond
	w := newWeb(t, b, netip.AddrPortFrom(b.v4, 80))
	w.IdleTimeout = idle
	w.serve(t)
	v, _ := w.visitor(t, a, 1)
	const n = 100
	for i := range n {
		if err := v.Page(t.Context(), uint64(i), 5000); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		time.Sleep(idle + time.Duration(i-n/2)*20*time.Microsecond)
	}
	t.Logf("%d requests had %d connections", n, w.opened.Load())
}

func isClientTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// testClientTimeouts ends requests that get no answer, in each way that a client has; the server notices, and the client goes on.
func testClientTimeouts(t *testing.T, a, b *host) {
	w := serveSite(t, b, b.v4)
	const limit = 50 * time.Millisecond
	cut := func() { a.do(func() { a.filter = func([]byte) bool { return false } }) }
	mend := func() { a.do(func() { a.filter = nil }) }
	for _, c := range []struct {
		name  string
		visit func(v site.Visitor, transport *http.Transport) error
		is    func(error) bool
	}{
		{"timeout of the request", func(v site.Visitor, _ *http.Transport) error {
			v.Client.Timeout = limit
			return v.Hold(t.Context())
		}, isClientTimeout},
		{"timeout of the header", func(v site.Visitor, transport *http.Transport) error {
			transport.ResponseHeaderTimeout = limit
			return v.Hold(t.Context())
		}, isClientTimeout},
		{"timeout in a body", func(v site.Visitor, _ *http.Transport) error {
			v.Client.Timeout = limit
			return v.Events(t.Context(), 1<<30)
		}, isClientTimeout},
		{"cancelled", func(v site.Visitor, _ *http.Transport) error {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				eventually(t, "the visitor stays", func() bool { return w.Staying() == 1 })
				cancel()
			}()
			return v.Hold(ctx)
		}, func(err error) bool { return errors.Is(err, context.Canceled) }},
		{"timeout of the connect", func(v site.Visitor, _ *http.Transport) error {
			cut()
			defer mend()
			v.Client.Timeout = limit
			return v.Page(t.Context(), 1, 1)
		}, isClientTimeout},
		{"timeout of a connection that died", func(v site.Visitor, _ *http.Transport) error {
			if err := v.Page(t.Context(), 1, 1); err != nil {
				return err
			}
			cut()
			defer mend()
			v.Client.Timeout = limit
			return v.Page(t.Context(), 1, 1)
		}, isClientTimeout},
	} {
		v, transport := w.visitor(t, a, 1)
		if err := c.visit(v, transport); !c.is(err) {
			t.Errorf("%s: %v", c.name, err)
		}
		eventually(t, c.name+": the server notices", func() bool { return w.Staying() == 0 })
		v.Client.Timeout = visitPatience
		if err := v.Page(t.Context(), 1, 100); err != nil {
			t.Errorf("after %s: %v", c.name, err)
		}
	}
}

// testServerTimeouts has clients that say nothing, half of a header, or do not read: the server lets go of them.
func testServerTimeouts(t *testing.T, a, b *host) {
	const limit = 100 * time.Millisecond
	var unsent atomic.Int32
	w := newWeb(t, b, netip.AddrPortFrom(b.v4, 80))
	w.ReadHeaderTimeout, w.WriteTimeout = limit, limit
	w.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if _, err := rw.Write(make([]byte, 32<<20)); isTimeout(err) {
			unsent.Add(1)
		}
	})
	w.serve(t)
	for _, said := range []string{"", "GET / HTTP/1.1\r\nHo"} {
		c := a.dial(addrPort(b, 80))
		c.Write([]byte(said))
		answer, err := io.ReadAll(c) // net/http may say why
		if err != nil {
			t.Errorf("a client that said %q: answer %q, %v", said, answer, err)
		}
	}
	c := a.dial(addrPort(b, 80))
	c.Write([]byte("GET / HTTP/1.1\r\nHost: site\r\n\r\n"))
	eventually(t, "the server lets go of one who does not read", func() bool { return unsent.Load() == 1 && w.open.Load() == 0 })
}
