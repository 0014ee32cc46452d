package site

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// Site is an http.Handler.
type Site struct {
	http.ServeMux
	staying atomic.Int32
	release chan struct{}
	once    sync.Once
}

// New returns a site without visitors.
func New() *Site {
	s := &Site{release: make(chan struct{})}
	s.HandleFunc("/", greet)
	s.HandleFunc("GET /page", servePage)
	s.HandleFunc("PUT /page", takePage)
	s.HandleFunc("POST /echo", echo)
	s.HandleFunc("GET /events", s.stay(serveEvents))
	s.HandleFunc("GET /hold", s.stay(s.hold))
	s.Handle("GET /socket", socket)
	return s
}

// Staying returns how many visitors are at /hold or /events.
func (s *Site) Staying() int { return int(s.staying.Load()) }

// Release answers all who are at /hold, or come there.
func (s *Site) Release() { s.once.Do(func() { close(s.release) }) }

// stay counts the visitors of a page.
func (s *Site) stay(page http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.staying.Add(1)
		defer s.staying.Add(-1)
		page(w, r)
	}
}

// greet answers whatever it was told.
func greet(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // net/http answers what is wrong with it
	io.WriteString(w, "hello\n")
}

func (s *Site) hold(w http.ResponseWriter, r *http.Request) {
	select {
	case <-s.release:
		io.WriteString(w, released)
	case <-r.Context().Done():
	}
}

func servePage(w http.ResponseWriter, r *http.Request) {
	seed, size, err := noiseOf(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	io.Copy(w, Noise(seed, size)) // a visitor who leaves is no error
}

func takePage(w http.ResponseWriter, r *http.Request) {
	seed, size, err := noiseOf(r)
	if err == nil {
		err = Check(r.Body, seed, size)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// noiseOf reads what a request for a page asks for.
func noiseOf(r *http.Request) (seed uint64, size int64, err error) {
	if _, err := fmt.Sscanf(r.URL.RawQuery, noiseQuery, &seed, &size); err != nil {
		return 0, 0, fmt.Errorf("parse query %q: %w", r.URL.RawQuery, err)
	}
	return seed, size, nil
}

// released is the answer of /hold.
const released = "released"

const noiseQuery = "seed=%d&size=%d"
