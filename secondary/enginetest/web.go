package enginetest

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"ringstack/internal/site"
)

// web is a site on a host, and the connections that were made to it.
type web struct {
	*http.Server
	*site.Site
	host   *host
	addr   netip.AddrPort
	id     *site.Identity
	secure bool
	served chan error // what Serve returned

	opened, open, most atomic.Int32 // connections so far; now; at once

	mu     sync.Mutex
	states map[net.Conn]http.ConnState
}

// newWeb returns a site that does not serve yet.
func newWeb(t *testing.T, h *host, addr netip.AddrPort) *web {
	t.Helper()
	id, err := site.NewIdentity(addr.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	w := &web{Site: site.New(), host: h, addr: addr, id: id, served: make(chan error, 1), states: make(map[net.Conn]http.ConnState)}
	w.Server = site.Server(w.Site, id.Pair)
	w.ConnState = w.count
	return w
}

// serve serves until the test ends.
func (w *web) serve(t *testing.T) {
	t.Helper()
	l := w.host.listen(anywhere(w.addr.Port()))
	go func() {
		if w.secure {
			w.served <- w.ServeTLS(l, "", "")
		} else {
			w.served <- w.Serve(l)
		}
	}()
	t.Cleanup(func() { w.Server.Close() })
}

// serveSite serves a site on port 80, in the clear.
func serveSite(t *testing.T, h *host, ip netip.Addr) *web {
	t.Helper()
	w := newWeb(t, h, netip.AddrPortFrom(ip, 80))
	w.serve(t)
	return w
}

// serveSecureSite serves a site on port 443, over TLS.
func serveSecureSite(t *testing.T, h *host, ip netip.Addr) *web {
	t.Helper()
	w := newWeb(t, h, netip.AddrPortFrom(ip, 443))
	w.secure = true
	w.serve(t)
	return w
}

// count is the server's ConnState.
func (w *web) count(c net.Conn, state http.ConnState) {
	w.mu.Lock()
	w.states[c] = state
	w.mu.Unlock()
	switch state {
	case http.StateNew:
		w.opened.Add(1)
		w.most.Store(max(w.most.Load(), w.open.Add(1))) // by one goroutine, which accepts
	case http.StateClosed, http.StateHijacked:
		w.open.Add(-1)
	}
}

// in returns how many connections are in a state.
func (w *web) in(state http.ConnState) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.states {
		if s == state {
			n++
		}
	}
	return n
}

func (w *web) url() string {
	if w.secure {
		return "https://" + w.addr.String()
	}
	return "http://" + w.addr.String()
}

// visitor returns a visitor on a host, who speaks a version of HTTP.
func (w *web) visitor(t *testing.T, h *host, proto int) (site.Visitor, *http.Transport) {
	v, transport := site.NewVisitor(w.url(), proto, h.DialContext, w.id.Roots)
	t.Cleanup(transport.CloseIdleConnections)
	return v, transport
}

// DialContext is an http.Transport's, on the host's engine.
func (h *host) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	remote, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	return h.DialTCP(ctx, netip.AddrPort{}, remote, nil)
}
