// Command web is a secondary under test: it serves a test site with Go's net/http, HTTP/1.1 and HTTP/2 in the clear on
// port 80 and over TLS on port 443. With an origin it is a reverse proxy before it, which connects over the stack too.
//
//	web <certificate> <key> [<origin>]
//
// On SIGTERM it lets active requests and connections end first.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"ringstack/internal/site"
	"ringstack/secondary"
)

const patience = 10 * time.Second

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fail(errors.New("usage: web <certificate> <key> [<origin>]"))
	}
	pair, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := attach(ctx)
	if err != nil {
		fail(err)
	}
	defer s.Close()
	var handler http.Handler = site.New()
	if len(os.Args) == 4 {
		if handler, err = proxy(s, os.Args[3]); err != nil {
			fail(err)
		}
	}
	if err := serve(ctx, s, site.Server(handler, pair)); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "web:", err)
	os.Exit(1)
}

func attach(ctx context.Context) (*secondary.Secondary, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return secondary.Attach(ctx, secondary.Config{})
}

// proxy returns a handler that asks the origin, in the way that the visitor asked.
func proxy(s *secondary.Secondary, origin string) (http.Handler, error) {
	target, err := url.Parse(origin)
	if err != nil {
		return nil, err
	}
	var one, two http.Protocols
	one.SetHTTP1(true)
	two.SetUnencryptedHTTP2(true)
	by := map[int]*httputil.ReverseProxy{1: proxyBy(s, target, &one), 2: proxyBy(s, target, &two)}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { by[r.ProtoMajor].ServeHTTP(w, r) }), nil
}

func proxyBy(s *secondary.Secondary, target *url.URL, protocols *http.Protocols) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     &http.Transport{DialContext: s.DialContext, Protocols: protocols, IdleConnTimeout: time.Second},
		FlushInterval: -1, // streams pass at once
	}
}

// serve serves until ctx is done, and then until no request is active.
func serve(ctx context.Context, s *secondary.Secondary, server *http.Server) error {
	clear, err := s.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	secure, err := s.Listen("tcp", ":443")
	if err != nil {
		return err
	}
	served := make(chan error, 2)
	for l, serve := range map[net.Listener]func(net.Listener) error{
		clear:  server.Serve,
		secure: func(l net.Listener) error { return server.ServeTLS(l, "", "") },
	} {
		go func() { served <- serve(l) }()
	}
	fmt.Printf("web: proc %d serves on %s and %s\n", s.ProcID(), clear.Addr(), secure.Addr())
	select {
	case err := <-served:
		return err
	case <-s.Done():
		return s.Err()
	case <-ctx.Done():
	}
	fmt.Println("web: stopping")
	ending, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(server.Shutdown(ending), s.Shutdown(ending)) // requests, and then what connections still have to send
}
