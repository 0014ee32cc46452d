package main

import (
	"fmt"
	"io"
	"net"
	"sync/atomic"
)

// measureCycles returns how many connections a second are opened, carry a request and its answer, and are closed, by the
// server first; so many at a time.
func measureCycles(n network, connections int, t timing) (rate float64, err error) {
	l, err := n.Listen()
	if err != nil {
		return 0, err
	}
	var cycles atomic.Int64
	w := newWorkers()
	w.start(func() error { return accept(w, l) })
	for range connections {
		w.start(func() error { return cycle(n, &cycles) })
	}
	err = w.observe(t, &cycles, connections, func(cycles *atomic.Int64) (err error) {
		rate, err = t.rate(cycles)
		return err
	})
	l.Close()
	n.Close()
	w.wait()
	return rate, err
}

// accept answers one request on each connection, in a goroutine for each.
func accept(w *workers, l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		w.group.Go(func() { answerOnce(c) })
	}
}

// answerOnce ends the connection whatever comes of it; the client sees what.
func answerOnce(c net.Conn) {
	defer c.Close()
	buf := make([]byte, requestSize)
	if _, err := io.ReadFull(c, buf); err == nil {
		c.Write(buf)
	}
}

// cycle opens one connection after the other.
func cycle(n network, cycles *atomic.Int64) error {
	buf := make([]byte, 2*requestSize)
	for {
		if err := cycleOnce(n, buf); err != nil {
			return err
		}
		cycles.Add(1)
	}
}

// cycleOnce reads up to the end that the server makes.
func cycleOnce(n network, buf []byte) error {
	c, err := n.Dial(0)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write(buf[:requestSize]); err != nil {
		return err
	}
	if n, err := io.ReadFull(c, buf); n != requestSize || err != io.ErrUnexpectedEOF {
		return fmt.Errorf("read an answer of %d bytes: %w", n, err)
	}
	return nil
}
