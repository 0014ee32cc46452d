package site

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	const seed, size = 7, 40_000
	good, _ := io.ReadAll(Noise(seed, size))
	changed := bytes.Clone(good)
	changed[size-1]++
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		got  io.Reader
		ok   bool
	}{
		{"the same", bytes.NewReader(good), true},
		{"changed", bytes.NewReader(changed), false},
		{"short", bytes.NewReader(good[:size-1]), false},
		{"long", io.MultiReader(bytes.NewReader(good), strings.NewReader("x")), false},
		{"another seed", Noise(seed+1, size), false},
		{"failing at the end", io.MultiReader(bytes.NewReader(good), failing{broken}), false},
	} {
		if err := Check(c.got, seed, size); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := Check(failing{broken}, seed, size); !errors.Is(err, broken) {
		t.Errorf("the reader's error is not told: %v", err)
	}
	if err := Check(strings.NewReader(""), seed, size); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("nothing: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// visits are all that a visitor does, but for Hold and the WebSocket.
func visits(t *testing.T, v Visitor) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"page":         func() error { return v.Page(ctx, 1, 100_000) },
		"upload":       func() error { return v.Upload(ctx, 1, 100_000, false) },
		"chunked":      func() error { return v.Upload(ctx, 1, 100_000, true) },
		"echo":         func() error { return v.Echo(ctx, 1, 100_000) },
		"conversation": func() error { return v.Converse(ctx, 5) },
		"events":       func() error { return v.Events(ctx, 50) },
	}
}

func TestVisits(t *testing.T) {
	id, err := NewIdentity("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	s := New()
	server := Server(s, id.Pair)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	v := Visitor{Client: &http.Client{Timeout: time.Minute}, URL: "http://" + l.Addr().String(), Proto: 1}
	for name, visit := range visits(t, v) {
		if err := visit(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := Chat(c, "ws://"+l.Addr().String()); err != nil {
		t.Error(err)
	}
	s.Release()
	if err := v.Hold(t.Context()); err != nil {
		t.Error(err)
	}
}

// A site that changes a byte in what it takes and gives is found out by each visit.
func TestVisitsFindFaults(t *testing.T) {
	good := New()
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = io.NopCloser(faulty{r.Body})
		good.ServeHTTP(faultyWriter{w}, r)
	}))
	defer bad.Close()
	for name, visit := range visits(t, Visitor{Client: bad.Client(), URL: bad.URL}) {
		if err := visit(); err == nil {
			t.Errorf("%s finds no fault", name)
		}
	}
	if err := (Visitor{Client: bad.Client(), URL: bad.URL, Proto: 2}).Page(t.Context(), 1, 0); err == nil {
		t.Error("HTTP/1.1 passes for HTTP/2")
	}
}

// faulty changes the first byte of each read.
type faulty struct{ io.Reader }

func (f faulty) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if n > 0 {
		b[0]++
	}
	return n, err
}

// faultyWriter changes the last byte of each write by 2, which does not undo what faulty does.
type faultyWriter struct{ http.ResponseWriter }

func (f faultyWriter) Write(b []byte) (int, error) {
	b = bytes.Clone(b)
	if len(b) > 0 {
		b[len(b)-1] += 2
	}
	return f.ResponseWriter.Write(b)
}

func (f faultyWriter) Unwrap() http.ResponseWriter { return f.ResponseWriter }
