package stack

import (
	"bytes"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// stream is an application that sends data on each connection it opens, echoes on each it accepts, and closes at the end of both
// streams.
type stream struct {
	h         *host
	data      []byte
	sent      int
	got       []byte
	connected bool
	accepts   bool
	closed    int
	err       syscall.Errno
}

func (s *stream) Accepted(l, c tcp.ID) {}
func (s *stream) Connected(c tcp.ID, err syscall.Errno) {
	s.connected, s.err = err == 0, err
	s.Writable(c)
}

func (s *stream) Readable(c tcp.ID) {
	t := s.h.TCP()
	for b := t.Peek(c); len(b) > 0; b = t.Peek(c) {
		n := len(b)
		if s.accepts {
			if n, _ = t.Write(c, b); n == 0 {
				return
			}
		} else {
			s.got = append(s.got, b...)
		}
		t.Consume(c, n)
	}
	if t.EOF(c) {
		t.Close(c)
	}
}

func (s *stream) Writable(c tcp.ID) {
	t := s.h.TCP()
	if s.accepts {
		s.Readable(c)
		return
	}
	n, _ := t.Write(c, s.data[s.sent:])
	if s.sent += n; s.sent == len(s.data) {
		t.CloseWrite(c)
	}
}

func (s *stream) Closed(c tcp.ID, err syscall.Errno) { s.closed, s.err = s.closed+1, err }

func streams(a, b *host, n int) (client, server *stream) {
	client, server = &stream{h: a, data: make([]byte, n)}, &stream{h: b, accepts: true}
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(client.data)
	a.app, b.app = client, server
	return client, server
}

func TestTCPEcho(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		client, server := streams(a, b, 1<<20)
		b.TCP().Listen(tcp.ListenConfig{Port: 80})
		if _, err := a.TCP().Connect(&tcp.ConnectConfig{Remote: lb, RemotePort: 80}); err != 0 {
			t.Fatal(err)
		}
		for now := time.Duration(0); now < 10*time.Second && (client.closed == 0 || server.closed == 0); now += time.Millisecond {
			settle(now, a, b)
		}
		if !client.connected || !bytes.Equal(client.got, client.data) || client.closed != 1 || server.closed != 1 || client.err != 0 || server.err != 0 {
			t.Errorf("%d of %d bytes came back; client %d %v, server %d %v", len(client.got), len(client.data), client.closed, client.err, server.closed, server.err)
		}
	})
}

// Both ends are the same engine.
func TestTCPToOurselves(t *testing.T) {
	for _, to := range []wire.Addr{v4(127, 0, 0, 1), v4(10, 0, 0, 1), wire.Loopback6} {
		a := newHost(t, 1, nil)
		client, _ := streams(a, a, 1<<20)
		client.data = client.data[:100000]
		a.TCP().Listen(tcp.ListenConfig{Port: 80})
		a.app = &both{client: client, server: &stream{h: a, accepts: true}}
		a.TCP().Connect(&tcp.ConnectConfig{Remote: to, RemotePort: 80})
		for now := time.Duration(0); now < 10*time.Second && client.closed == 0; now += time.Millisecond {
			a.Poll(now)
		}
		if !bytes.Equal(client.got, client.data) || a.count(EtherOut) != 0 {
			t.Errorf("%s: %d of %d bytes came back, %d frames left", to, len(client.got), len(client.data), a.count(EtherOut))
		}
	}
}

// A connection to ourselves is never one with itself, which would be opened by its own SYN.
func TestTCPToItself(t *testing.T) {
	for _, to := range []wire.Addr{v4(127, 0, 0, 1), v4(10, 0, 0, 1), wire.Loopback6} {
		a := newHost(t, 1, nil)
		_, err := a.TCP().Connect(&tcp.ConnectConfig{Remote: to, RemotePort: 7000, LocalPort: 7000})
		if err != syscall.EADDRINUSE {
			t.Errorf("%s: %v", to, err)
		}
		if _, err := a.TCP().Connect(&tcp.ConnectConfig{Remote: to, RemotePort: 7000, LocalPort: 7001}); err != 0 {
			t.Errorf("%s from another port: %v", to, err)
		}
	}
}

// both sends the events of one engine to the end that they are about.
type both struct {
	client, server *stream
	accepted       tcp.ID
}

func (x *both) of(c tcp.ID) *stream {
	if c == x.accepted {
		return x.server
	}
	return x.client
}
func (x *both) Accepted(l, c tcp.ID)                  { x.accepted = c }
func (x *both) Connected(c tcp.ID, err syscall.Errno) { x.of(c).Connected(c, err) }
func (x *both) Readable(c tcp.ID)                     { x.of(c).Readable(c) }
func (x *both) Writable(c tcp.ID)                     { x.of(c).Writable(c) }
func (x *both) Closed(c tcp.ID, err syscall.Errno)    { x.of(c).Closed(c, err) }

func TestTCPRefusedAndUnreachable(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, la, lb wire.Addr) {
		client, _ := streams(a, b, 1)
		a.TCP().Connect(&tcp.ConnectConfig{Remote: lb, RemotePort: 81})
		run(0, time.Second, a, b)
		if client.err != syscall.ECONNREFUSED {
			t.Errorf("closed port: %v", client.err)
		}
		nobody := lb
		nobody[15] = 99
		a.TCP().Connect(&tcp.ConnectConfig{Remote: nobody, RemotePort: 81})
		run(time.Second, 6*time.Second, a, b)
		if client.err != syscall.EHOSTUNREACH {
			t.Errorf("nobody there: %v", client.err)
		}
		if _, err := a.TCP().Connect(&tcp.ConnectConfig{Remote: v4(8, 8, 8, 8), RemotePort: 81}); err != syscall.ENETUNREACH {
			t.Errorf("no route: %v", err)
		}
		if _, err := a.TCP().Connect(&tcp.ConnectConfig{Remote: v4(10, 0, 0, 255), RemotePort: 81}); err == 0 {
			t.Error("a broadcast address is taken")
		}
	})
}
