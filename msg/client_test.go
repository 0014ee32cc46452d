package msg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// serve runs a primary on a socket in a test's folder: it answers hellos with nothing and gives
// each connection after that to handle, which may leave it to serve to close it.
func serve(t *testing.T, handle func(c *Conn)) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "control.sock")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { l.Close(); all.Wait() })
	all.Go(func() {
		for {
			conn, err := l.AcceptUnix()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				c := NewConn(conn)
				if m, err := c.RecvRequest(soon()); err == nil && c.Send(m.Header, nil, soon()) == nil {
					handle(c)
				}
			})
		}
	})
	return path
}

// echoCalls answers every call with its own payload, and a descriptor that nobody wants.
func echoCalls(c *Conn) {
	for {
		m, err := c.RecvRequest(soon())
		if err != nil {
			return
		}
		if c.send(m.Header, m.Payload, soon(), []int{0}) != nil {
			return
		}
	}
}

func dial(t *testing.T, path string) *Client {
	t.Helper()
	c, _, err := Dial(t.Context(), path, Hello{Role: RoleTool, Proc: AnyProc})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestClientConcurrentCalls(t *testing.T) {
	checkFDs(t)
	c := dial(t, serve(t, func(c *Conn) {
		var batch []Message
		for { // replies come in another order than their requests
			m, err := c.RecvRequest(soon())
			if err != nil {
				return
			}
			if batch = append(batch, m); len(batch) < 10 {
				continue
			}
			for _, m := range slices.Backward(batch) {
				reply := strings.Repeat(string(m.Payload), 10_000)
				if c.Send(m.Header, reply, soon()) != nil {
					return
				}
			}
			batch = nil
		}
	}))
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			var got string
			if err := c.Call(t.Context(), KindStats, i, &got); err != nil || got != strings.Repeat(fmt.Sprint(i), 10_000) {
				t.Errorf("call %d: %d bytes, %v", i, len(got), err)
			}
		})
	}
	all.Wait()
}

func TestHello(t *testing.T) {
	checkFDs(t)
	got := make(chan Hello, 1)
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.AcceptUnix()
		if err != nil {
			return
		}
		defer conn.Close()
		c := NewConn(conn)
		m, err := c.RecvRequest(soon())
		var h Hello
		if err == nil && m.Decode(&h) == nil {
			got <- h
			c.Send(m.Header, "welcome", soon(), 0)
		}
	}()
	c, reply, err := Dial(t.Context(), path, Hello{Role: RoleSecondary, Program: "httpd", Proc: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var text string
	if err := reply.Decode(&text); err != nil || text != "welcome" || len(reply.FDs) != 1 {
		t.Errorf("got %q, %d descriptors, %v", text, len(reply.FDs), err)
	}
	reply.CloseFDs()
	if h := <-got; h != (Hello{Version: Version, Role: RoleSecondary, Program: "httpd", Proc: 2}) {
		t.Errorf("hello was %+v", h)
	}
}

// TestRefusedHello: the refusal is what the caller sees, though the primary closes at once, and
// though it leaves the hello unread.
func TestRefusedHello(t *testing.T) {
	checkFDs(t)
	for _, read := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				conn, err := l.AcceptUnix()
				if err != nil {
					return
				}
				c, h := NewConn(conn), Header{Kind: KindDetach}
				if read {
					m, _ := c.RecvRequest(soon())
					h = m.Header
				}
				var payload []byte
				h.Status, payload = encodeError(Errorf(syscall.EACCES, "not in group web"))
				c.send(h, payload, soon(), []int{0}) // no refusal has descriptors, but this one's are closed too
				c.Close()
			}
		}()
		for range 100 {
			c, _, err := Dial(t.Context(), path, Hello{Role: RoleTool})
			if err == nil {
				c.Close()
			}
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Errno != syscall.EACCES || refusal.Text != "not in group web" {
				t.Fatalf("read %v: got %v", read, err)
			}
		}
	}
}

func TestDialNobody(t *testing.T) {
	checkFDs(t)
	dir := t.TempDir()
	if _, _, err := Dial(t.Context(), filepath.Join(dir, "no"), Hello{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no socket: %v", err)
	}
	path := filepath.Join(dir, "dead")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, _, err := Dial(t.Context(), path, Hello{}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dead socket: %v", err)
	}
}

// TestDialWaitsItsTurn: a full accept queue is not an error as long as ctx lives.
func TestDialWaitsItsTurn(t *testing.T) {
	checkFDs(t)
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	path := filepath.Join(t.TempDir(), "s")
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	first, err := net.Dial("unixpacket", path)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := Dial(ctx, path, Hello{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("full queue: %v", err)
	}
	go func() {
		for range 2 {
			conn, _, err := syscall.Accept(fd)
			if err != nil {
				return
			}
			b := make([]byte, MaxFrame)
			if n, _ := syscall.Read(conn, b); n > 0 { // the hello; answered as it is
				syscall.Write(conn, frame(Header{ID: 1, Kind: KindHello}, ""))
			}
			syscall.Close(conn)
		}
	}()
	first.Close()
	c, _, err := Dial(t.Context(), path, Hello{})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestClientCancel(t *testing.T) {
	checkFDs(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	c := dial(t, serve(t, func(c *Conn) {
		m, err := c.RecvRequest(soon())
		if err != nil {
			return
		}
		close(asked)
		<-answer
		c.Send(m.Header, "late", soon(), 0) // nobody waits for it: its descriptor must be closed
		echoCalls(c)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if err := c.Call(ctx, KindTop, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(answer)
	var got string
	if err := c.Call(t.Context(), KindPs, "next", &got); err != nil || got != "next" {
		t.Errorf("next call: %q, %v", got, err)
	}
	if err := c.Call(ctx, KindPs, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("call with an ended context: %v", err)
	}
}

// TestClientCancelWhileSending: a primary that reads nothing keeps nobody longer than his context,
// and the connection is still good when it reads again.
func TestClientCancelWhileSending(t *testing.T) {
	read := make(chan struct{})
	c := dial(t, serve(t, func(c *Conn) { <-read; echoCalls(c) }))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	big := strings.Repeat("x", MaxRequest-2)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := c.Call(ctx, KindSysctl, big, nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	close(read)
	var got string
	if err := c.Call(t.Context(), KindPs, "next", &got); err != nil || got != "next" {
		t.Errorf("next call: %q, %v", got, err)
	}
}

func TestClientRefusals(t *testing.T) {
	c := dial(t, serve(t, func(c *Conn) {
		for {
			m, err := c.RecvRequest(soon())
			if err != nil || c.SendError(m.Header, Errorf(syscall.ESRCH, "no proc 7 is attached"), soon()) != nil {
				return
			}
		}
	}))
	if err := c.Call(t.Context(), KindTop, nil, nil); !errors.Is(err, syscall.ESRCH) || err.Error() != "no proc 7 is attached" {
		t.Errorf("got %v", err)
	}
	if err := c.Call(t.Context(), KindTop, strings.Repeat("x", MaxRequest), nil); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("long request: %v", err)
	}
	if err := c.Call(t.Context(), KindTop, func() {}, nil); err == nil {
		t.Error("a func was sent")
	}
	if err := c.Call(t.Context(), KindTop, nil, nil); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("afterwards: %v", err)
	}
}

// endAll has the primary end the connection while calls wait, and returns the client.
func endAll(t *testing.T, want error, end func(c *Conn)) *Client {
	t.Helper()
	const n = 20
	c := dial(t, serve(t, func(c *Conn) {
		for range n / 2 { // the rest stays unread
			if _, err := c.RecvRequest(soon()); err != nil {
				return
			}
		}
		end(c)
	}))
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if err := c.Call(t.Context(), KindTop, nil, nil); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
	all.Wait()
	<-c.Done()
	if !errors.Is(c.Err(), want) {
		t.Errorf("Err is %v, want %v", c.Err(), want)
	}
	if err := c.Call(t.Context(), KindTop, nil, nil); !errors.Is(err, want) {
		t.Errorf("call afterwards: %v, want %v", err, want)
	}
	return c
}

func TestPeerDeathEndsCalls(t *testing.T) {
	checkFDs(t)
	for range 20 {
		endAll(t, io.EOF, func(c *Conn) { c.Close() })
	}
}

func TestDetachEndsCalls(t *testing.T) {
	checkFDs(t)
	c := endAll(t, syscall.ECONNABORTED, func(c *Conn) {
		c.Send(Header{Kind: KindDetach}, Detach{Reason: "bad mbuf"}, soon(), 0)
	})
	if got := c.Err().Error(); got != "detached by the primary: bad mbuf" {
		t.Errorf("got %q", got)
	}
}

func TestPrimaryThatStopsEndsCalls(t *testing.T) {
	checkFDs(t)
	endAll(t, syscall.ESHUTDOWN, func(c *Conn) {
		c.Send(Header{Kind: KindDetach}, Detach{Reason: "the primary stops", Stops: true}, soon(), 0)
	})
}

func TestFlowReportFits(t *testing.T) {
	report := FlowReport{Flows: make([]byte, MaxFlowReport)}
	if b, err := json.Marshal(report); err != nil || len(b) > MaxRequest || MaxFlowReport%flowSize != 0 {
		t.Errorf("%d bytes of flows make a request of %d, limit %d: %v", MaxFlowReport, len(b), MaxRequest, err)
	}
}

func TestRubbishEndsCalls(t *testing.T) {
	endAll(t, ErrBadHeader, func(c *Conn) {
		c.Write([]byte("rubbish"))
		for {
			if _, err := c.Recv(soon()); err != nil {
				return
			}
		}
	})
}

func TestCloseEndsCalls(t *testing.T) {
	checkFDs(t)
	asked := make(chan struct{})
	c := dial(t, serve(t, func(c *Conn) {
		c.RecvRequest(soon())
		close(asked)
		c.RecvRequest(soon())
	}))
	go func() { <-asked; c.Close() }()
	if err := c.Call(t.Context(), KindTop, nil, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	c.Close()
	if err := c.Call(t.Context(), KindTop, nil, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
}

func TestDefaultSocket(t *testing.T) {
	if got := DefaultSocket("ringstack"); got != "/run/ringstack/ringstack/control.sock" {
		t.Errorf("got %s", got)
	}
}
