package enginetest

import (
	"crypto/tls"
	"errors"
	"testing"
	"time"

	"ringstack/internal/site"
)

func testWebSocket(t *testing.T, a, b *host) {
	w := serveSecureSite(t, b, b.v4)
	err := site.AtOnce(4, func(int) error {
		c, err := a.DialContext(t.Context(), "tcp", w.addr.String())
		if err != nil {
			return err
		}
		c.SetDeadline(time.Now().Add(visitPatience))
		return site.Chat(tls.Client(c, &tls.Config{RootCAs: w.id.Roots, ServerName: b.v4.String()}), "wss://"+w.addr.String())
	})
	if err != nil {
		t.Error(err)
	}
}

// testStreams has streams that go both ways, and server-sent events, over both versions of HTTP; the server notices when those who
// take events leave.
func testStreams(t *testing.T, a, b *host) {
	w := serveSite(t, b, b.v6)
	for proto := 1; proto <= 2; proto++ {
		v, _ := w.visitor(t, a, proto)
		events := site.AtOnce(5, func(int) error { return v.Events(t.Context(), 500) })
		if err := errors.Join(events, converse(t, v)); err != nil {
			t.Errorf("HTTP/%d: %v", proto, err)
		}
		eventually(t, "the server notices that all have left", func() bool { return w.Staying() == 0 })
	}
}
