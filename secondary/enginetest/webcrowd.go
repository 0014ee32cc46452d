package enginetest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"ringstack/internal/site"
)

// testCrowd has 1,000 connections open at once, each of which then makes requests of its own.
func testCrowd(t *testing.T, a, b *host) {
	const n = 1000
	w := serveSite(t, b, b.v4)
	conns := make([]net.Conn, n)
	err := site.AtOnce(n, func(i int) (err error) {
		conns[i], err = a.DialContext(t.Context(), "tcp", w.addr.String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "all connections are accepted", func() bool { return w.most.Load() == n })
	err = site.AtOnce(n, func(i int) error {
		defer conns[i].Close()
		conns[i].SetDeadline(time.Now().Add(visitPatience))
		in := bufio.NewReader(conns[i])
		for round := range 3 {
			if err := site.Fetch(conns[i], in, uint64(i*3+round), int64(i*17%8000)); err != nil {
				return fmt.Errorf("connection %d, round %d: %w", i, round, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	eventually(t, "all connections are closed", func() bool { return w.open.Load() == 0 })
	if opened := w.opened.Load(); opened != n {
		t.Errorf("%d connections were opened, want %d", opened, n)
	}
}

// testSlowReaders has readers stop within large pages: the server then stops to send, others are served as before, and in
// the end every byte comes.
func testSlowReaders(t *testing.T, a, b *host) {
	const n, size = 10, 4 << 20
	w := serveSite(t, b, b.v4)
	v, _ := w.visitor(t, a, 1)
	readers := make([]io.ReadCloser, n)
	for i := range readers {
		reply, err := v.Client.Get(v.URL + site.PagePath(uint64(i), size))
		if err != nil {
			t.Fatal(err)
		}
		readers[i] = reply.Body
	}
	if err := visitAtOnce(t, v); err != nil {
		t.Errorf("others meanwhile: %v", err)
	}
	eventually(t, "no page but those of the slow readers is being served", func() bool { return w.in(http.StateActive) == n })
	err := site.AtOnce(n, func(i int) error {
		defer readers[i].Close()
		return site.Check(readers[i], uint64(i), size)
	})
	if err != nil {
		t.Error(err)
	}
}
