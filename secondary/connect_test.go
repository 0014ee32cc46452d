package secondary

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"ringstack/msg"
)

// TestDialWaitsForTheNextPrimary meets a primary that ends before it answers, one that refuses since
// it stops, and one that stays.
func TestDialWaitsForTheNextPrimary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for _, refusal := range []error{net.ErrClosed, msg.Errorf(syscall.ESHUTDOWN, "the primary stops"), nil} {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			answerHello(msg.NewConn(c), refusal)
			c.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	client, _, err := dial(ctx, path, msg.Hello{Role: msg.RoleSecondary})
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
}

// answerHello takes the hello and refuses it, accepts it (nil), or says nothing (net.ErrClosed).
func answerHello(c *msg.Conn, refusal error) {
	m, err := c.RecvRequest(time.Time{})
	switch {
	case err != nil || errors.Is(refusal, net.ErrClosed):
	case refusal != nil:
		c.SendError(m.Header, refusal, time.Time{})
	default:
		c.Send(m.Header, nil, time.Time{})
	}
}

// TestAttachOutlivesThePrimary meets a primary that goes when it has described its memory, which means nothing then, and one that stays.
func TestAttachOutlivesThePrimary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	met := make(chan *net.UnixConn, 2)
	go func() {
		for range cap(met) {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			answerHello(msg.NewConn(c), nil)
			if len(met) == 0 {
				c.Close()
			}
			met <- c
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := Attach(ctx, Config{Socket: path, Program: "test"})
	if err == nil {
		s.Close()
	}
	if err == nil || ctx.Err() != nil || absent(err) || len(met) != 2 {
		t.Errorf("%v, after %d primaries", err, len(met))
	}
	for len(met) > 0 {
		(<-met).Close()
	}
}
