package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ringstack/internal/site"
	"ringstack/internal/testenv"
)

const webProgram = "ringstack/internal/e2e/web"

// visitLimit bounds a visit of a site.
const visitLimit = time.Minute

// identity is what the sites on both sides of the network show, and its files.
type identity struct {
	*site.Identity
	certificate, key string
}

func newIdentity(t *testing.T, e *testenv.Env) identity {
	t.Helper()
	made, err := site.NewIdentity(testenv.Stack4, testenv.Stack6, testenv.Peer4, testenv.Peer6)
	if err != nil {
		t.Fatal(err)
	}
	id := identity{made, filepath.Join(e.Dir, "certificate.pem"), filepath.Join(e.Dir, "key.pem")}
	for name, text := range map[string][]byte{id.certificate: made.Certificate, id.key: made.Key} {
		if err := os.WriteFile(name, text, 0o644); err != nil { // for an unprivileged secondary
			t.Fatal(err)
		}
	}
	return id
}

// newWeb starts a primary and a web before an origin, or with a site of its own.
func newWeb(t *testing.T, origin ...string) (*testenv.Env, identity, *testenv.Process) {
	t.Helper()
	e := testenv.New(t, testenv.Config{})
	id := newIdentity(t, e)
	return e, id, e.Secondary(webProgram, append([]string{id.certificate, id.key}, origin...)...)
}

// serveSite serves a site from the namespace, on the kernel's stack.
func serveSite(t *testing.T, e *testenv.Env, id identity) *site.Site {
	t.Helper()
	s := site.New()
	clear, secure := site.Server(s, id.Pair), site.Server(s, id.Pair)
	go clear.Serve(e.Listen("tcp", ":80"))
	go secure.ServeTLS(e.Listen("tcp", ":443"), "", "")
	t.Cleanup(func() {
		clear.Close()
		secure.Close()
	})
	return s
}

// newVisitor returns a visitor of a host who speaks a version of HTTP, over TLS or not.
func newVisitor(t *testing.T, ip string, secure bool, proto int, dial site.Dial, id identity) (site.Visitor, *http.Transport) {
	url := "http://" + net.JoinHostPort(ip, "80")
	if secure {
		url = "https://" + net.JoinHostPort(ip, "443")
	}
	v, transport := site.NewVisitor(url, proto, dial, id.Roots)
	t.Cleanup(transport.CloseIdleConnections)
	return v, transport
}

// TestWeb has Go's clients and curl in the namespace visit a web.
func TestWeb(t *testing.T) {
	e, id, _ := newWeb(t)
	visitEachWay(t, e.DialContext, id, testenv.Stack4, testenv.Stack6)
	t.Run("curl", func(t *testing.T) { curlTLS(t, e, id) })
	t.Run("long streams", func(t *testing.T) { longStreams(t, e.DialContext, id) })
}

// visitEachWay visits the site of a host over HTTP/1.1 and HTTP/2, in the clear and not, and over WebSockets.
func visitEachWay(t *testing.T, dial site.Dial, id identity, ips ...string) {
	for _, ip := range ips {
		for _, secure := range []bool{false, true} {
			for proto := 1; proto <= 2; proto++ {
				t.Run(fmt.Sprintf("%s TLS %v HTTP %d", ip, secure, proto), func(t *testing.T) {
					v, _ := newVisitor(t, ip, secure, proto, dial, id)
					visitAll(t, v)
				})
			}
			t.Run(fmt.Sprintf("%s TLS %v WebSocket", ip, secure), func(t *testing.T) {
				if err := chat(t.Context(), ip, secure, dial, id); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// visitAll makes all that a visitor can do, each several times at once.
func visitAll(t *testing.T, v site.Visitor) {
	t.Helper()
	ctx := t.Context()
	for _, visit := range []struct {
		name string
		run  func(i int) error
	}{
		{"page", func(i int) error { return v.Page(ctx, uint64(i), int64(i*9973)) }},
		{"large page", func(i int) error { return v.Page(ctx, uint64(i), 1<<20) }},
		{"upload", func(i int) error { return v.Upload(ctx, uint64(i), int64(i*99991), i%2 == 0) }},
		{"echo", func(i int) error { return v.Echo(ctx, uint64(i), 256<<10) }},
		{"conversation", func(int) error { return v.Converse(ctx, 30) }},
		{"events", func(int) error { return v.Events(ctx, 200) }},
	} {
		if err := site.AtOnce(8, visit.run); err != nil {
			t.Errorf("%s: %v", visit.name, err)
		}
	}
}

// chat has a WebSocket with the site of a host.
func chat(ctx context.Context, ip string, secure bool, dial site.Dial, id identity) error {
	scheme, port := "ws://", "80"
	if secure {
		scheme, port = "wss://", "443"
	}
	address := net.JoinHostPort(ip, port)
	c, err := dial(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(visitLimit)); err != nil {
		return err
	}
	if secure {
		c = tls.Client(c, &tls.Config{RootCAs: id.Roots, ServerName: ip})
	}
	return site.Chat(c, scheme+address)
}

// longStreams has streams that go on for long beside each other: much both ways at once, many messages to and fro, many events.
func longStreams(t *testing.T, dial site.Dial, id identity) {
	const size = 32 << 20
	one, _ := newVisitor(t, testenv.Stack4, false, 1, dial, id)
	two, _ := newVisitor(t, testenv.Stack6, true, 2, dial, id)
	ctx := t.Context()
	streams := []func() error{
		func() error { return one.Echo(ctx, 1, size) },
		func() error { return two.Echo(ctx, 2, size) },
		func() error { return one.Converse(ctx, 1000) },
		func() error { return two.Converse(ctx, 1000) },
		func() error { return one.Events(ctx, 10_000) },
		func() error { return two.Events(ctx, 10_000) },
	}
	start := time.Now()
	if err := site.AtOnce(len(streams), func(i int) error { return streams[i]() }); err != nil {
		t.Error(err)
	}
	t.Logf("%d MB echoed in %v", 2*size>>20, time.Since(start))
}
