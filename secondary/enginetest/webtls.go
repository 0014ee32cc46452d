package enginetest

import (
	"crypto/tls"
	"fmt"
	"io"
	"testing"
	"time"

	"ringstack/internal/site"
)

// testTLS opens connections one after another, with each version of TLS; all but the first resume its session.
func testTLS(t *testing.T, a, b *host) {
	w := serveSecureSite(t, b, b.v4)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		v, transport := w.visitor(t, a, 1)
		transport.DisableKeepAlives = true
		config := transport.TLSClientConfig
		config.MinVersion, config.MaxVersion = version, version
		config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		var resumed []bool
		config.VerifyConnection = func(state tls.ConnectionState) error {
			resumed = append(resumed, state.DidResume)
			return nil
		}
		for i := range 4 {
			if err := v.Page(t.Context(), uint64(i), 1<<20); err != nil {
				t.Errorf("%s: %v", tls.VersionName(version), err)
			}
		}
		if fmt.Sprint(resumed) != "[false true true true]" {
			t.Errorf("%s: sessions were resumed as %v", tls.VersionName(version), resumed)
		}
	}
}

// testTLSHalfClose moves 4 MB each way at once; the side that has sent all says so and goes on receiving.
func testTLSHalfClose(t *testing.T, a, b *host) {
	client, server := connect(t, a, b, b.v6)
	id, err := site.NewIdentity(b.v6.String())
	if err != nil {
		t.Fatal(err)
	}
	served := result(func() error {
		return sendAndCheck(tls.Server(server, &tls.Config{Certificates: []tls.Certificate{id.Pair}}), 1, 2)
	})
	if err := sendAndCheck(tls.Client(client, &tls.Config{RootCAs: id.Roots, ServerName: b.v6.String()}), 2, 1); err != nil {
		t.Errorf("client: %v", err)
	}
	if err := await(t, "server", served); err != nil {
		t.Errorf("server: %v", err)
	}
}

// visitPatience bounds what moves much: the race detector makes it slow.
const visitPatience = time.Minute

// sendAndCheck sends noise of one seed, ends its side and checks that noise of another comes. Then it closes.
func sendAndCheck(c *tls.Conn, send, receive uint64) error {
	const size = 4 << 20
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(visitPatience)); err != nil {
		return err
	}
	if err := c.Handshake(); err != nil {
		return fmt.Errorf("shake hands: %w", err)
	}
	sent := result(func() error {
		if _, err := io.Copy(c, site.Noise(send, size)); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		return c.CloseWrite()
	})
	if err := site.Check(c, receive, size); err != nil {
		return err
	}
	return <-sent
}
