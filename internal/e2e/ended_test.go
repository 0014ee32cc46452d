package e2e

import (
	"errors"
	"net"
	"strings"
	"testing"

	"ringstack/internal/testenv"
	"ringstack/secondary"
)

// When a secondary ends, all its sockets say that they are closed, and why.
func TestSocketsTellWhyTheyEnded(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	go answerAll(e.Listen("tcp", ":9000"), "peer")
	s := attach(t, e, "")
	l, err := s.Listen("tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.ListenPacket("udp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(testenv.Peer4, "9000")
	c, err := s.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(map[string]chan error)
	for what, f := range map[string]func() error{
		"accept":    func() error { _, err := l.Accept(); return err },
		"read":      func() error { _, err := c.Read(make([]byte, 1)); return err },
		"read from": func() error { _, _, err := p.ReadFrom(make([]byte, 1)); return err },
	} {
		waiting := make(chan error, 1)
		ended[what] = waiting
		go func() { waiting <- f() }()
	}
	s.Close()
	fresh := make(chan error, 4)
	for what, f := range map[string]func() error{
		"write":         func() error { _, err := c.Write([]byte("x")); return err },
		"dial":          func() error { _, err := s.DialContext(t.Context(), "tcp", address); return err },
		"listen":        func() error { _, err := s.Listen("tcp", ":81"); return err },
		"listen at any": func() error { _, err := s.ListenPacket("udp", ":0"); return err },
	} {
		ended[what] = fresh
		fresh <- f()
	}
	for what, c := range ended {
		err := <-c
		if !errors.Is(err, net.ErrClosed) || !errors.Is(err, secondary.ErrClosed) || !strings.Contains(err.Error(), secondary.ErrClosed.Error()) {
			t.Errorf("%s: %v", what, err)
		}
	}

	// One that has never dialled has no port leased.
	s = attach(t, e, "")
	s.Close()
	if _, err := s.DialContext(t.Context(), "tcp", address); !errors.Is(err, net.ErrClosed) || !errors.Is(err, secondary.ErrClosed) {
		t.Errorf("first dial: %v", err)
	}
}
