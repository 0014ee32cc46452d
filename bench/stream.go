package main

import (
	"net"
	"sync/atomic"
)

const streamBlock = 64 << 10 // bytes of each Write and Read

// measureStream returns the bytes a second that go over each of some connections in one direction, all together.
func measureStream(n network, connections int, t timing) (rate float64, err error) {
	err = drive(n, connections, t, send, receive, func(received *atomic.Int64) (err error) {
		rate, err = t.rate(received)
		return err
	})
	return rate, err
}

func send(c net.Conn, _ *atomic.Int64) error {
	block := make([]byte, streamBlock)
	for {
		if _, err := c.Write(block); err != nil {
			return err
		}
	}
}

func receive(c net.Conn, received *atomic.Int64) error {
	buf := make([]byte, streamBlock)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return err
		}
		received.Add(int64(n))
	}
}
