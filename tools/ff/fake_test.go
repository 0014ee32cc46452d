package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringstack/msg"
)

// answers are what a fake primary replies to each kind: a value, an error, raw bytes to write as a
// frame, or a func that gives one of them for a request.
type answers map[msg.Kind]any

type (
	answerFunc func(m msg.Message) any
	rawFrame   []byte
	hangUp     struct{} // closes the connection
	silence    struct{} // never replies
)

// fakePrimary serves a control socket until the test ends and returns its path.
func fakePrimary(t *testing.T, a answers) string {
	t.Helper()
	return fakeServer(t, "control.sock", a)
}

// fakeSupervisor serves a supervisor's socket until the test ends and returns the path of the control
// socket beside it, which nobody serves.
func fakeSupervisor(t *testing.T, a answers) string {
	t.Helper()
	return filepath.Join(filepath.Dir(fakeServer(t, "supervisor.sock", a)), "control.sock")
}

func fakeServer(t *testing.T, name string, a answers) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ff") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	t.Cleanup(func() { cancel(); l.Close(); all.Wait(); os.RemoveAll(dir) })
	all.Go(func() {
		for {
			conn, err := l.AcceptUnix()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { conn.Close() })
			all.Go(func() { defer conn.Close(); a.serve(msg.NewConn(conn)) })
		}
	})
	return path
}

func (a answers) serve(c *msg.Conn) {
	deadline := time.Now().Add(time.Minute)
	for {
		m, err := c.RecvRequest(deadline)
		if err != nil {
			return
		}
		answer, known := a[m.Kind]
		if f, ok := answer.(answerFunc); ok {
			answer = f(m)
		}
		switch answer := answer.(type) {
		case rawFrame:
			_, err = c.Write(answer)
		case hangUp:
			return
		case silence:
		case error:
			err = c.SendError(m.Header, answer, deadline)
		default:
			if !known && m.Kind != msg.KindHello {
				answer = msg.Errorf(syscall.ENOSYS, "the fake primary knows no %v", m.Kind)
				err = c.SendError(m.Header, answer.(error), deadline)
				break
			}
			err = c.Send(m.Header, answer, deadline)
		}
		if err != nil {
			return
		}
	}
}

// result is what a run of ff gave.
type result struct {
	code        int
	out, errOut string
}

// ff runs `ff args...` against the socket.
func ff(t *testing.T, socket string, args ...string) result {
	t.Helper()
	return ffNamed(t, "/usr/bin/ff", socket, args...)
}

func ffNamed(t *testing.T, name, socket string, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	args = append([]string{name}, args...)
	if socket != "" {
		args = append(args, "--socket", socket)
	}
	code := run(t.Context(), args, &out, &errOut)
	return result{code, out.String(), errOut.String()}
}

func (r result) want(t *testing.T, code int, out, errOut string) {
	t.Helper()
	if r.code != code || r.out != out || r.errOut != errOut {
		t.Errorf("exit %d\n--- stdout\n%s--- stderr\n%s--- want exit %d\n--- stdout\n%s--- stderr\n%s",
			r.code, r.out, r.errOut, code, out, errOut)
	}
}
