package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// stream is content that a seed tells: both ends of a connection know it, byte for byte.
type stream struct {
	seed uint64
	rng  *rand.ChaCha8
}

func newStream(seed uint64) *stream {
	return &stream{seed, rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24)})}
}

// Read implements io.Reader; there is no end.
func (s *stream) Read(b []byte) (int, error) { return s.rng.Read(b) }

const streamBlock = 64 << 10

// pour writes blocks of a stream while more holds, and then ends the writing side. It returns how many bytes were written.
func pour(c net.Conn, seed uint64, more func(sent int64) bool) (sent int64, err error) {
	s := newStream(seed)
	block := make([]byte, streamBlock)
	for more(sent) {
		s.Read(block)
		n, err := c.Write(block)
		if sent += int64(n); err != nil {
			return sent, fmt.Errorf("stream %d, after %d bytes: %w", seed, sent, err)
		}
	}
	return sent, c.(interface{ CloseWrite() error }).CloseWrite()
}

// drain reads to the end of what pour writes, and checks each byte.
func drain(c net.Conn, seed uint64) (got int64, err error) {
	s := newStream(seed)
	want, block := make([]byte, streamBlock), make([]byte, streamBlock)
	for {
		n, err := io.ReadFull(c, block)
		s.Read(want)
		if !bytes.Equal(block[:n], want[:n]) {
			return got, fmt.Errorf("stream %d: other bytes between %d and %d", seed, got, got+int64(n))
		}
		got += int64(n)
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return got, nil
		default:
			return got, fmt.Errorf("stream %d, after %d bytes: %w", seed, got, err)
		}
	}
}

// flow is what went one way.
type flow struct {
	bytes int64
	took  time.Duration
}

func (f flow) String() string { return fmt.Sprintf("%.1f MB/s", float64(f.bytes)/f.took.Seconds()/1e6) }

// flows are both ways of one or more connections.
type flows struct{ up, down flow }

func (f flows) String() string {
	return fmt.Sprintf("%v from the client, %v from the server", f.up, f.down)
}

// duplex sends a stream each way at once, each while more holds, and closes both ends.
func duplex(client, server net.Conn, seed uint64, more func(sent int64) bool) (f flows, err error) {
	failed := make(chan error, 2)
	go func() { failed <- simplex(client, server, seed, more, &f.up) }()
	go func() { failed <- simplex(server, client, seed+1, more, &f.down) }()
	err = errors.Join(<-failed, <-failed)
	return f, errors.Join(err, client.Close(), server.Close())
}

// simplex sends a stream one way.
func simplex(from, to net.Conn, seed uint64, more func(sent int64) bool, f *flow) error {
	start := time.Now()
	var sent int64
	poured := make(chan error, 1)
	go func() { n, err := pour(from, seed, more); sent = n; poured <- err }()
	got, err := drain(to, seed)
	*f = flow{got, time.Since(start)}
	if err := errors.Join(err, <-poured); err != nil {
		return err
	}
	if got != sent {
		return fmt.Errorf("stream %d: %d bytes were sent, %d came", seed, sent, got)
	}
	return nil
}

func bytesEach(n int64) func(int64) bool { return func(sent int64) bool { return sent < n } }

func until(end time.Time) func(int64) bool { return func(int64) bool { return time.Now().Before(end) } }
