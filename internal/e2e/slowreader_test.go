package e2e

import (
	"bufio"
	"fmt"
	"net"
	"testing"
	"time"

	"ringstack/internal/site"
	"ringstack/internal/testenv"
)

// TestSlowReaders has readers with small windows stop within large pages and read the rest in small steps: others are served as
// before, and every byte comes.
func TestSlowReaders(t *testing.T) {
	const n, size = 8, 2 << 20
	e, id, _ := newWeb(t)
	readers := make([]*slowReader, n)
	for i := range readers {
		readers[i] = newSlowReader(t, e)
		if _, err := fmt.Fprintf(readers[i], "GET %s HTTP/1.0\r\n\r\n", site.PagePath(uint64(i), size)); err != nil {
			t.Fatal(err)
		}
		if err := readers[i].CloseWrite(); err != nil { // a page comes whole to one who has said all
			t.Fatal(err)
		}
		if err := readers[i].skipHeader(); err != nil {
			t.Fatal(err)
		}
	}
	v, _ := newVisitor(t, testenv.Stack6, true, 2, e.DialContext, id)
	visitAll(t, v)
	err := site.AtOnce(n, func(i int) error { return site.Check(readers[i], uint64(i), size) })
	if err != nil {
		t.Error(err)
	}
}

// slowReader reads small pieces of what comes to a small buffer, with a pause now and then.
type slowReader struct {
	*net.TCPConn
	in   *bufio.Reader
	read int
}

const slowBuffer = 4096

func newSlowReader(t *testing.T, e *testenv.Env) *slowReader {
	t.Helper()
	c := open(t, e, "tcp", 80).(*net.TCPConn)
	if err := c.SetReadBuffer(slowBuffer); err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(visitLimit))
	return &slowReader{TCPConn: c, in: bufio.NewReaderSize(c, slowBuffer)}
}

// skipHeader reads to the empty line before the body.
func (r *slowReader) skipHeader() error {
	for {
		line, err := r.in.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err
		}
	}
}

func (r *slowReader) Read(b []byte) (int, error) {
	n, err := r.in.Read(b)
	if before := r.read; before>>17 != (before+n)>>17 { // each 128 KB
		time.Sleep(20 * time.Millisecond)
	}
	r.read += n
	return n, err
}
