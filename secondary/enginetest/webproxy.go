package enginetest

import (
	"errors"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"ringstack/internal/site"
)

// testReverseProxy has a proxy that is server and client on one engine: HTTP/2 over TLS before it, HTTP/2 in the clear
// behind it; and HTTP/1.1 for WebSockets.
func testReverseProxy(t *testing.T, a, b *host) {
	origin := serveSite(t, a, a.v4)
	proxy := newProxy(t, b, netip.AddrPortFrom(b.v4, 443), origin, 2)
	proxy.secure = true
	proxy.serve(t)
	v, _ := proxy.visitor(t, a, 2)
	err := errors.Join(v.Page(t.Context(), 1, 1), visitAtOnce(t, v), converse(t, v), v.Events(t.Context(), 500))
	if err != nil {
		t.Error(err)
	}
	eventually(t, "the origin notices that the visitor has left", func() bool { return origin.Staying() == 0 })
	if in, out := proxy.opened.Load(), origin.opened.Load(); in != 1 || out != 1 {
		t.Errorf("%d connections before the proxy, %d behind it; want one of each", in, out)
	}

	older := newProxy(t, b, netip.AddrPortFrom(b.v6, 80), origin, 1)
	older.serve(t)
	c := a.dial(older.addr)
	c.SetDeadline(time.Now().Add(visitPatience))
	if err := site.Chat(c, "ws://"+older.addr.String()); err != nil {
		t.Errorf("WebSocket through the proxy: %v", err)
	}

	origin.Server.Close()
	reply, err := v.Client.Get(v.URL + "/hold")
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	if reply.StatusCode != http.StatusBadGateway {
		t.Errorf("without its origin the proxy answers %s", reply.Status)
	}
}

// newProxy returns a proxy that speaks a version of HTTP with its origin.
func newProxy(t *testing.T, h *host, addr netip.AddrPort, origin *web, proto int) *web {
	t.Helper()
	target, err := url.Parse(origin.url())
	if err != nil {
		t.Fatal(err)
	}
	_, transport := origin.visitor(t, h, proto)
	w := newWeb(t, h, addr)
	w.Handler = &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport, FlushInterval: -1, ErrorLog: w.ErrorLog,
	}
	return w
}
