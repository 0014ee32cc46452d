package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
	"ringstack/secondary"
)

const ff = "ringstack/tools/ff"

// badPeer is what somebody does on the control socket, and the last word that it gets.
type badPeer struct {
	name string
	do   func(c *msg.Conn) error
	want string
}

var badPeers = []badPeer{
	{"frame too long", raw(make([]byte, 70000)), "a frame has at most 65536 bytes"},
	{"garbage", raw([]byte(strings.Repeat("garbage ", 20))), "not a ringstack message"},
	{"a few bytes", raw([]byte{1, 2, 3}), "3 bytes"},
	{"no bytes that mean anything", raw(make([]byte, 4096)), "not a ringstack message"},
	{
		"header of another version", raw(helloFrame(9, 0)),
		fmt.Sprintf("protocol version 9, but this side speaks %d: use programs built from one release", msg.Version),
	},
	{
		"hello of another version", hello(msg.Hello{Version: 7, Role: msg.RoleSecondary, Program: "old"}),
		fmt.Sprintf("protocol version 7, but the primary speaks %d: use programs built from one release", msg.Version),
	},
	{
		"no hello", func(c *msg.Conn) error { return c.Send(msg.Header{ID: 1, Kind: msg.KindPs}, nil, time.Time{}) },
		"say hello first, not ps",
	},
	{"unknown role", hello(msg.Hello{Version: msg.Version, Role: "spy"}), `unknown role "spy"`},
	{"no name", hello(msg.Hello{Version: msg.Version, Role: msg.RoleSecondary}), "a secondary names its program"},
	{
		"long name", hello(msg.Hello{Version: msg.Version, Role: msg.RoleSecondary, Program: strings.Repeat("x", 65)}),
		"names of programs and groups have at most 64 bytes",
	},
	{
		"descriptors", func(c *msg.Conn) error {
			return c.Send(msg.Header{ID: 1, Kind: msg.KindHello}, msg.Hello{}, time.Time{}, 0, 1, 2)
		},
		"more than 0 descriptors",
	},
	{"half a hello", raw(helloFrame(msg.Version, msg.FlagMore)), "no hello came within 5s"},
	{"silence", func(*msg.Conn) error { return nil }, "no hello came within 5s"},
}

func raw(frame []byte) func(*msg.Conn) error {
	return func(c *msg.Conn) error {
		_, err := c.Write(frame)
		return err
	}
}

func hello(h msg.Hello) func(*msg.Conn) error {
	return func(c *msg.Conn) error { return c.Send(msg.Header{ID: 1, Kind: msg.KindHello}, h, time.Time{}) }
}

// helloFrame is a frame of a hello; its header has the version.
func helloFrame(version byte, flags uint16) []byte {
	payload := fmt.Sprintf(`{"version":%d,`, version)
	frame := make([]byte, msg.HeaderSize, msg.HeaderSize+len(payload))
	msg.Header{ID: 1, Kind: msg.KindHello, Flags: flags, Len: uint32(len(payload))}.Put(frame)
	frame[6] = version
	return append(frame, payload...)
}

func TestControlSocketRefusesBadPeers(t *testing.T) {
	e := testenv.New(t, testenv.Config{Keys: []string{"max_procs=2"}})
	first := e.Secondary(httpd)
	second := e.Secondary(httpd)
	traffic := newLoad(t, e, 2, 1)
	traffic.wantMore(t, 10)

	var peers sync.WaitGroup
	for _, p := range badPeers { // together: some wait for a deadline
		peers.Go(func() {
			if got, err := lastWord(e, p.do); err != nil || !strings.Contains(got, p.want) {
				t.Errorf("%s: got %q, %v; want %q", p.name, got, err, p.want)
			}
		})
	}
	refusesAttach(t, e, 0, syscall.EBUSY, fmt.Sprintf("proc id 0 is taken by httpd, pid %d: ", first.Cmd.Process.Pid))
	refusesAttach(t, e, 2, syscall.EINVAL, "proc id 2: max_procs=2 allows 0 to 1")
	refusesAttach(t, e, -7, syscall.EINVAL, "proc id -7: max_procs=2 allows 0 to 1")
	refusesAttach(t, e, msg.AnyProc, syscall.EUSERS, "all 2 slots for secondaries are taken: raise max_procs in [dpdk]")
	wantLine(t, program(t, e, httpd), 1, "httpd: attach: all 2 slots for secondaries are taken: raise max_procs in [dpdk]\n")
	manyTools(t, e)
	peers.Wait()
	idleFlood(t, e)

	traffic.wantMore(t, 10)
	traffic.stop()
	traffic.wantNoFailure(t)
	for _, p := range []*testenv.Process{first, second} {
		select {
		case <-p.Exited():
			t.Error("a secondary has ended")
		default:
		}
	}
}

// lastWord connects, does something and returns the text of the error with which the primary closes
// the connection.
func lastWord(e *testenv.Env, do func(*msg.Conn) error) (string, error) {
	c, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: e.Socket, Net: "unixpacket"})
	if err != nil {
		return "", err
	}
	defer c.Close()
	conn := msg.NewConn(c)
	if err := do(conn); err != nil {
		return "", err
	}
	m, err := conn.Recv(time.Now().Add(8 * time.Second))
	if err != nil {
		return "", err
	}
	refusal := m.Decode(nil)
	if refusal == nil {
		return "", fmt.Errorf("the answer is no error: %v", m)
	}
	if m, err := conn.Recv(time.Now().Add(8 * time.Second)); err == nil {
		return "", fmt.Errorf("not closed after the refusal: %v", m)
	}
	return refusal.Error(), nil
}

func refusesAttach(t *testing.T, e *testenv.Env, proc int, errno syscall.Errno, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	s, err := secondary.Attach(ctx, secondary.Config{Socket: e.Socket, Program: "late", Proc: &proc})
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, errno) || !strings.Contains(err.Error(), want) {
		t.Errorf("attach as %d: %v, want %v: %s", proc, err, errno, want)
	}
}

// program runs a secondary or tool, which has to end by itself, as an unprivileged user.
func program(t *testing.T, e *testenv.Env, pkg string, args ...string) testenv.Result {
	t.Helper()
	return testenv.Finish(t, testenv.Command{
		Path: testenv.Build(t, pkg), Args: args, Env: []string{"FF_SOCKET=" + e.Socket}, Unprivileged: true,
	})
}

// wantLine checks a failure: the status and all that the program has printed.
func wantLine(t *testing.T, got testenv.Result, code int, want string) {
	t.Helper()
	if got.Code != code || got.Stdout != "" || got.Stderr != want {
		t.Errorf("got %+v, want status %d and %q", got, code, want)
	}
}

// manyTools runs 200 tools at once; all are answered.
func manyTools(t *testing.T, e *testenv.Env) {
	t.Helper()
	testenv.Build(t, ff)
	var tools sync.WaitGroup
	for range 200 {
		tools.Go(func() {
			got := program(t, e, ff, "ps", "--timeout", "15s")
			if got.Code != 0 || got.Stderr != "" || strings.Count(got.Stdout, "httpd") != 4 {
				t.Errorf("ff ps: %+v", got)
			}
		})
	}
	tools.Wait()
}

// idleFlood opens more connections than the primary takes of one user, and says nothing on them. That
// user's tools are told so until the primary has thrown the silent ones out; others' are answered.
func idleFlood(t *testing.T, e *testenv.Env) {
	t.Helper()
	for range 300 {
		c, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: e.Socket, Net: "unixpacket"})
		for errors.Is(err, syscall.EAGAIN) { // the listener's queue is full
			time.Sleep(time.Millisecond)
			c, err = net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: e.Socket, Net: "unixpacket"})
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	asRoot := testenv.Command{Path: testenv.Build(t, ff), Args: []string{"ps"}, Env: []string{"FF_SOCKET=" + e.Socket}}
	wantLine(t, testenv.Finish(t, asRoot), 1, "ff: uid 0 has all of its 256 connections: try again when one has ended\n")
	if got := program(t, e, ff, "ps"); got.Code != 0 {
		t.Errorf("another user's tool: %+v", got)
	}
	testenv.Eventually(t, 10*time.Second, "root's tools are answered again", func() bool { return testenv.Finish(t, asRoot).Code == 0 })
}
