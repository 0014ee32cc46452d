package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

const dialer = "ringstack/internal/e2e/dialer"

// resets is a capture filter: TCP segments with RST, over IPv4 and IPv6.
const resets = "(tcp[13] & 4 != 0) or (ip6[6] = 6 and ip6[53] & 4 != 0)"

// echoServer answers lines, each with the address it came from before it, once it has met all
// the clients that it waits for.
type echoServer struct {
	conns sync.WaitGroup // of the clients to come, then of the connections not ended yet
	met   sync.WaitGroup
	mu    sync.Mutex
	bad   []error // connections that did not end with an orderly close
}

// expect makes the server wait for n clients before it answers any.
func (s *echoServer) expect(n int) {
	s.met.Add(n)
	s.conns.Add(n)
}

func (s *echoServer) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer s.conns.Done()
			defer c.Close()
			if err := s.talk(c); err != nil {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.bad = append(s.bad, err)
			}
		}()
	}
}

// talk answers one line and waits for the client to close.
func (s *echoServer) talk(c net.Conn) error {
	in := bufio.NewReader(c)
	line, err := in.ReadString('\n')
	s.met.Done()
	if err != nil {
		return err
	}
	s.met.Wait()
	if _, err := fmt.Fprintf(c, "%s %s", c.RemoteAddr(), line); err != nil {
		return err
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return fmt.Errorf("%s: instead of a close: %w", c.RemoteAddr(), err)
	}
	return nil
}

// wait waits until all connections have ended.
func (s *echoServer) wait(t *testing.T) {
	t.Helper()
	ended := make(chan struct{})
	go func() { s.conns.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("some connections have not ended")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(s.bad...); err != nil {
		t.Errorf("%d connections did not end as they should: %v", len(s.bad), err)
	}
}

// dial starts two secondaries that open n connections each at once, and checks that the local ports
// of each were its own. It returns the two for as long as their stacks are needed.
func dial(t *testing.T, e *testenv.Env, network, address string, n int, meanwhile func()) {
	t.Helper()
	run := testenv.Command{
		Path: testenv.Build(t, dialer), Args: []string{network, address, strconv.Itoa(n)},
		Env: []string{"FF_SOCKET=" + e.Socket}, Unprivileged: true,
	}
	procs := []*testenv.Process{e.Run(run), e.Run(run)}
	meanwhile()
	owner := make(map[string]int)
	for i, p := range procs {
		p.WaitLog("end\n")
		_, list, _ := strings.Cut(p.Log(), "ports ")
		ports := strings.Fields(list)
		ports = ports[:len(ports)-1]
		if len(ports) != n {
			t.Errorf("dialer %d had %d ports, want %d", i, len(ports), n)
		}
		for _, port := range ports {
			if other, taken := owner[port]; taken {
				t.Errorf("port %s of dialer %d was dialer %d's too", port, i, other)
			}
			owner[port] = i
		}
	}
}

func TestDialAThousandConnectionsEach(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(httpd)
	client := browser(e)
	const n = 1000
	for _, ip := range []string{testenv.Peer4, testenv.Peer6} {
		rst := newCapture(t, e, resets)
		server := new(echoServer)
		server.expect(2 * n)
		l := e.Listen("tcp", net.JoinHostPort(ip, "9000"))
		go server.serve(l)
		dial(t, e, "tcp", l.Addr().String(), n, func() {
			for range 20 {
				if body, err := get(client, testenv.Stack4); err != nil || body != "hello from proc 0" {
					t.Fatalf("httpd meanwhile: %q, %v", body, err)
				}
			}
		})
		server.wait(t)
		if lines := rst.lines(); len(lines) > 0 {
			t.Errorf("%s: %d resets, as %s", ip, len(lines), lines[0])
		}
	}
}

func TestDialUDP(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	for _, ip := range []string{testenv.Peer4, testenv.Peer6} {
		var p net.PacketConn
		err := e.In(func() (err error) {
			p, err = net.ListenPacket("udp", net.JoinHostPort(ip, "9000"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		go answerPackets(p)
		dial(t, e, "udp", p.LocalAddr().String(), 200, func() {})
	}
}

// answerPackets answers as echoServer does.
func answerPackets(p net.PacketConn) {
	buf := make([]byte, 2048)
	for {
		n, from, err := p.ReadFrom(buf)
		if err != nil {
			return
		}
		p.WriteTo(fmt.Appendf(nil, "%s %s", from, buf[:n]), from)
	}
}

func TestDialRefused(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	s := attach(t, e, "")
	for _, ip := range []string{testenv.Peer4, testenv.Peer6} {
		rst := newCapture(t, e, resets)
		_, err := s.DialContext(t.Context(), "tcp", net.JoinHostPort(ip, "9"))
		var op *net.OpError
		if !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, &op) || op.Op != "dial" {
			t.Errorf("dial a closed port of %s: %v", ip, err)
		}
		if lines := rst.lines(); len(lines) != 1 {
			t.Errorf("%d resets for one refused connection: %q", len(lines), lines)
		}
	}
}

func TestDialIsCancelled(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	s := attach(t, e, "")
	const silent = "198.51.100.1:80" // behind the gateway, which forwards nothing
	ctx, cancel := context.WithCancel(t.Context())
	syn := newCapture(t, e, "tcp and dst host 198.51.100.1")
	ended := make(chan error, 1)
	go func() {
		_, err := s.DialContext(ctx, "tcp", silent)
		ended <- err
	}()
	syn.p.WaitLog("198.51.100.1.80: Flags [S]")
	start := time.Now()
	cancel()
	wantEnd(t, <-ended, context.Canceled, start)

	for _, network := range []string{"tcp", "udp"} {
		start = time.Now()
		_, err := s.DialContext(ctx, network, silent)
		wantEnd(t, err, context.Canceled, start)
	}
	local := make(map[string]bool)
	for _, line := range syn.lines() {
		local[strings.Fields(line)[4]] = true
	}
	if len(local) != 1 {
		t.Errorf("SYNs from %v: dials that were cancelled before they began have sent some", local)
	}

	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := s.DialContext(ctx, "tcp", silent)
	deadline, _ := ctx.Deadline()
	wantEnd(t, err, context.DeadlineExceeded, deadline)
}

// wantEnd checks that a dial ended with the error want, and not long after since.
func wantEnd(t *testing.T, err, want error, since time.Time) {
	t.Helper()
	if took := time.Since(since); !errors.Is(err, want) || took > 500*time.Millisecond {
		t.Errorf("dial ended with %v, %v late; want %v at once", err, took, want)
	}
}
