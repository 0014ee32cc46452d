package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/secondary"
)

// A program of handlers answers requests that come in one segment, in several, and many in one.
func TestHelloAnswersHoweverRequestsAreCut(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary("ringstack/examples/hello")
	const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	c := open(t, e, "tcp", 80)
	c.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(c)
	expect := func(n int) {
		t.Helper()
		for range n {
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				if line == "hello from ringstack\n" {
					break
				}
			}
		}
	}
	io.WriteString(c, request)
	expect(1)
	for _, part := range strings.SplitAfter(request, "\r") {
		io.WriteString(c, part)
		time.Sleep(2 * time.Millisecond) // so that each is a segment
	}
	expect(1)
	const many = 20_000 // whose answers do not fit into the send buffer
	go io.WriteString(c, strings.Repeat(request, many))
	expect(many)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
		t.Errorf("after the last answer: %q, %v", rest, err)
	}
}

// told is a Handler that tells of what happens.
type told struct {
	secondary.Ignore
	events chan string
}

func (h *told) Open(c secondary.Conn) { c.Write([]byte("who are you?\n")) }

func (h *told) Data(c secondary.Conn) {
	if b := c.Peek(); len(b) > 0 {
		h.events <- string(b)
		c.Discard(len(b))
	}
	if c.EOF() {
		c.Close()
	}
}

func (h *told) Closed(_ secondary.Conn, err error) { h.events <- fmt.Sprint("closed ", err) }

func TestHandlersConnect(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	s := attach(t, e, "")
	go answerAll(e.Listen("tcp", net.JoinHostPort(testenv.Peer4, "9000")), "the kernel hears:")
	h := &told{events: make(chan string, 10)}
	if err := s.Connect(t.Context(), "tcp", net.JoinHostPort(testenv.Peer4, "9000"), h); err != nil {
		t.Fatal(err)
	}
	if got, want := <-h.events, "the kernel hears: who are you?\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	h = &told{events: make(chan string, 10)}
	if err := s.Connect(t.Context(), "tcp", net.JoinHostPort(testenv.Peer4, "9"), h); err != nil {
		t.Fatal(err)
	}
	if got, want := <-h.events, "closed "+syscall.ECONNREFUSED.Error(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHandlersServeUDP(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	s := attach(t, e, "")
	p, err := s.ServePacket("udp", ":5353", func(p secondary.PacketConn, from netip.AddrPort, b []byte) {
		p.Send(from, append([]byte("heard "), b...))
	})
	if err != nil {
		t.Fatal(err)
	}
	wantAnswers(t, e, "udp", 5353, 1, "heard hello")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := exchange(open(t, e, "udp", 5353), "hello"); err == nil {
		t.Error("the socket answers after Close")
	}
}
