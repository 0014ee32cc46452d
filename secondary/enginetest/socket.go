package enginetest

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// result runs f and returns a channel with its error.
func result(f func() error) <-chan error {
	c := make(chan error, 1)
	go func() { c <- f() }()
	return c
}

func await(t testing.TB, what string, c <-chan error) error {
	t.Helper()
	select {
	case err := <-c:
		return err
	case <-time.After(patience):
		t.Fatalf("%s hangs", what)
		return nil
	}
}

func readByte(c io.Reader) func() error {
	return func() error {
		_, err := c.Read(make([]byte, 1))
		return err
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) && errors.As(err, &timeout) && timeout.Timeout()
}

func testDeadlines(t *testing.T, open Open) {
	a, b := newPair(t, open)
	client, server := connect(t, a, b, b.v4)

	client.SetReadDeadline(time.Now().Add(-time.Second))
	if err := await(t, "read", result(readByte(client))); !isTimeout(err) {
		t.Errorf("read after a deadline in the past: %v", err)
	}
	client.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
	if err := await(t, "read", result(readByte(client))); !isTimeout(err) {
		t.Errorf("read to its deadline: %v", err)
	}
	client.SetReadDeadline(time.Time{})
	read := result(readByte(client))
	client.SetReadDeadline(time.Now()) // moves the deadline of a call that waits
	if err := await(t, "read", read); !isTimeout(err) {
		t.Errorf("read with a moved deadline: %v", err)
	}
	client.SetDeadline(time.Now().Add(patience))
	server.Write([]byte("x"))
	if err := await(t, "read", result(readByte(client))); err != nil {
		t.Errorf("read before its deadline: %v", err)
	}

	data := make([]byte, 64<<20) // more than all buffers
	client.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	n, err := client.Write(data)
	if !isTimeout(err) || n == 0 || n == len(data) {
		t.Errorf("write to its deadline: %d, %v", n, err)
	}
}

func testUseAfterClose(t *testing.T, open Open) {
	a, b := newPair(t, open)
	l := b.listen(anywhere(80))
	accepting := result(func() error { _, err := l.Accept(); return err })
	client := a.dial(addrPort(b, 80))
	if err := await(t, "accept", accepting); err != nil {
		t.Fatal(err)
	}
	accepting = result(func() error { _, err := l.Accept(); return err })
	reading := result(readByte(client))
	for what, closer := range map[string]io.Closer{"listener": l, "connection": client} {
		if err := closer.Close(); err != nil {
			t.Errorf("close %s: %v", what, err)
		}
		if err := closer.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("close %s again: %v", what, err)
		}
	}
	_, writing := client.Write([]byte("x"))
	for what, err := range map[string]error{
		"accept": await(t, "accept", accepting),
		"read":   await(t, "read", reading),
		"write":  writing,
		"set":    client.SetDeadline(time.Time{}),
		"shut":   client.CloseWrite(),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if client.RemoteAddr() == nil || client.LocalAddr() == nil {
		t.Error("addresses are gone")
	}
}
