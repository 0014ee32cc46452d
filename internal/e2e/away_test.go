package e2e

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/secondary"
)

// TestWhileThePrimaryIsAway uses all kinds of sockets before, while and after there is no primary.
func TestWhileThePrimaryIsAway(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	s := attach(t, e, "")
	served := listen(t, s, ":80")
	go answerAll(served, "stack")
	closing := listen(t, s, ":81")
	datagrams, err := s.ListenPacket("udp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	go answerPackets(datagrams)
	peers := e.Listen("tcp", net.JoinHostPort(testenv.Peer4, "7000"))
	go answerAll(peers, "peer")
	in, err := e.DialContext(t.Context(), "tcp", testenv.Stack4+":80")
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.DialContext(t.Context(), "tcp", peers.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	asker, err := e.DialContext(t.Context(), "udp", testenv.Stack4+":53")
	if err != nil {
		t.Fatal(err)
	}
	everythingWorks := func(when string) {
		t.Helper()
		for _, c := range []struct {
			name, want string
			conn       net.Conn
		}{{"in", "stack x", in}, {"out", "peer x", out}} {
			if got, err := exchange(c.conn, "x"); err != nil || got != c.want {
				t.Fatalf("%s, %s: %q, %v", when, c.name, got, err)
			}
		}
		if _, err := exchange(asker, "x"); err != nil {
			t.Fatalf("%s, UDP: %v", when, err)
		}
	}
	everythingWorks("before")

	e.Kill()
	if err := out.SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	if n, err := out.Write([]byte("early\n")); n != 6 || err != nil {
		if err := out.SetDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if n, err := out.Write([]byte("early\n")); n != 6 || err != nil {
			t.Errorf("write: %d, %v", n, err)
		}
	}
	if err := closing.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if c, err := s.DialContext(impatient, "tcp", peers.Addr().String()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("dial with a deadline: %v, %v", c, err)
	}
	listening, dialled := make(chan error, 1), make(chan error, 1)
	go func() {
		l, err := s.Listen("tcp", ":82")
		if err == nil {
			go answerAll(l, "late")
		}
		listening <- err
	}()
	go func() {
		c, err := s.DialContext(t.Context(), "tcp", peers.Addr().String())
		if err == nil {
			_, err = exchange(c, "x")
		}
		dialled <- err
	}()
	select {
	case err := <-listening:
		t.Errorf("listened while there is no primary: %v", err)
	case err := <-dialled:
		t.Errorf("dialled while there is no primary: %v", err)
	case <-s.Done():
		t.Errorf("the secondary has ended: %v", s.Err())
	case <-time.After(100 * time.Millisecond):
	}

	e.Start()
	for what, c := range map[string]chan error{"listen": listening, "dial": dialled} {
		select {
		case err := <-c:
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s hangs", what)
		}
	}
	if err := out.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if n, err := out.Read(buf); string(buf[:n]) != "peer early\n" || err != nil {
		t.Errorf("what was written meanwhile: %q, %v", buf[:n], err)
	}
	everythingWorks("after")
	p := wantProc(t, e, s.ProcID(), "live")
	slices.Sort(p.Ports)
	if want := []string{"tcp/80", "tcp/82", "udp/53"}; !slices.Equal(p.Ports, want) {
		t.Errorf("it listens on %v, want %v", p.Ports, want)
	}
	e.Restart()
	everythingWorks("after another")
}

func listen(t *testing.T, s *secondary.Secondary, address string) net.Listener {
	t.Helper()
	l, err := s.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestCloseWhileThePrimaryIsAway ends a secondary that looks for a primary.
func TestCloseWhileThePrimaryIsAway(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	s := attach(t, e, "")
	l := listen(t, s, ":80")
	accepted := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		accepted <- err
	}()
	e.Kill()
	waiting := make(chan error, 1)
	go func() {
		_, err := s.Listen("tcp", ":81")
		waiting <- err
	}()
	time.Sleep(100 * time.Millisecond) // it looks
	s.Close()
	if err := s.Err(); !errors.Is(err, secondary.ErrClosed) {
		t.Errorf("it ended since %v", err)
	}
	for what, c := range map[string]chan error{"accept": accepted, "listen": waiting} {
		select {
		case err := <-c:
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s hangs", what)
		}
	}
}
