//go:build !gvisor

package secondary

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// What the calls return has more than package net's interfaces.
func TestConnsHaveMore(t *testing.T) {
	p := newPair(t)
	l, err := p.server.Listen("tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := l.(PollableListener); !ok {
		t.Errorf("%T is no PollableListener", l)
	}
	client, err := p.client.DialContext(t.Context(), "tcp", "10.0.0.2:80")
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{client, server} {
		if _, ok := c.(TCPConn); !ok {
			t.Errorf("%T is no TCPConn", c)
		}
		if raw, err := c.(syscall.Conn).SyscallConn(); raw != nil || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("SyscallConn: %v, %v", raw, err)
		}
	}
	packets, err := p.server.ListenPacket("udp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	connected, err := p.client.DialContext(t.Context(), "udp", "10.0.0.2:53")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []any{packets, connected} {
		if _, ok := c.(UDPConn); !ok {
			t.Errorf("%T is no UDPConn", c)
		}
	}
}

// One goroutine echoes on many connections, with calls that do not wait.
func TestPoll(t *testing.T) {
	p := newPair(t)
	l, err := p.server.Listen("tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	poller := make(poller, 1000)
	go poller.run(t, l.(PollableListener))
	const n = 50
	for range n {
		c, err := p.client.DialContext(t.Context(), "tcp", "10.0.0.2:80")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(patience))
		go c.Write(make([]byte, 300<<10)) // more than the buffers
		if _, err := io.ReadFull(c, make([]byte, 300<<10)); err != nil {
			t.Fatal(err)
		}
	}
}

// poller has the turns of those that are ready.
type poller chan func()

func (p poller) run(t *testing.T, l PollableListener) {
	accept := func() {
		for {
			c, err := l.TryAccept()
			if err != nil {
				return
			}
			e := &echoed{TCPConn: c.(TCPConn)}
			e.SetReady(func(Ready) { p <- e.turn })
			e.turn()
		}
	}
	l.SetReady(func(Ready) { p <- accept })
	accept()
	for {
		select {
		case f := <-p:
			f()
		case <-t.Context().Done():
			return
		}
	}
}

// echoed is a connection of the poller.
type echoed struct {
	TCPConn
	unsent []byte
}

// turn sends back what has come, as far as it goes.
func (e *echoed) turn() {
	for {
		n, err := e.TryWrite(e.unsent)
		e.unsent = e.unsent[n:]
		if err != nil {
			return
		}
		if len(e.unsent) > 0 {
			continue
		}
		b := make([]byte, 1000)
		if n, err = e.TryRead(b); err != nil {
			return
		}
		e.unsent = b[:n]
	}
}
