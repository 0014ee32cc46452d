package e2e

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// A visit is a connection with one request, of its number, and the answer, which is the number's complement. Of even numbers the client
// closes first, of odd ones the server.
const visitPatience = 20 * time.Second

// TestTenThousandShortConnections makes 10,000 visits each way.
func TestTenThousandShortConnections(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	for _, w := range newWays(t, e, attach(t, e, "")) {
		report, err := visits(&w, 10_000)
		if err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		t.Logf("%s: %s", w.name, report)
	}
}

func TestShortConnectionsOverABadLink(t *testing.T) {
	e := testenv.New(t, testenv.Config{Relay: &badLink})
	eachWay(t, newWays(t, e, attach(t, e, "")), func(w *way) (string, error) { return visits(w, 500) })
}

// visits makes n visits, some at a time; none may fail.
func visits(w *way, n int64) (report string, err error) {
	v := visitors{way: w, n: n, start: time.Now()}
	h := visitHost{}
	h.all.Go(func() { h.serve(w.server) })
	for range 32 {
		v.all.Go(v.run)
	}
	v.all.Wait()
	took := time.Since(v.start)
	w.server.Close()
	h.all.Wait()
	if err = errors.Join(v.failed.first, h.failed.first); v.failed.n+h.failed.n > 0 {
		err = fmt.Errorf("%d of %d clients failed and %d times the server, as: %w", v.failed.n, n, h.failed.n, err)
	}
	return fmt.Sprintf("%d visits, %.0f a second, the slowest %v", n, float64(n)/took.Seconds(), time.Duration(v.slowest.Load())), err
}

// failures counts, and keeps the first.
type failures struct {
	mu    sync.Mutex
	n     int
	first error
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n++; f.n == 1 {
		f.first = err
	}
}

// visitors are the clients.
type visitors struct {
	*way
	n             int64
	start         time.Time
	all           sync.WaitGroup
	next, slowest atomic.Int64
	failed        failures
}

// run makes visits until all are made.
func (v *visitors) run() {
	for i := v.next.Add(1) - 1; i < v.n; i = v.next.Add(1) - 1 {
		begun := time.Now()
		if err := v.visit(uint32(i)); err != nil {
			v.failed.add(fmt.Errorf("visit %d, begun after %v: %w", i, begun.Sub(v.start), err))
		}
		raise(&v.slowest, int64(time.Since(begun)))
	}
}

// visit is the client's side.
func (w *way) visit(number uint32) error {
	ctx, cancel := context.WithTimeout(context.Background(), visitPatience)
	defer cancel()
	c, err := w.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(visitPatience))
	if _, err := c.Write(binary.BigEndian.AppendUint32(nil, number)); err != nil {
		return err
	}
	var answer [4]byte
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		return fmt.Errorf("%s: read the answer: %w", c.LocalAddr(), err)
	}
	if got := binary.BigEndian.Uint32(answer[:]); got != ^number {
		return fmt.Errorf("%s: answer %x to %x", c.LocalAddr(), got, number)
	}
	if number%2 == 0 {
		return nil
	}
	return wantEOF(c)
}

// visitHost is the server's side.
type visitHost struct {
	all    sync.WaitGroup
	failed failures
}

// serve answers until l closes.
func (h *visitHost) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		h.all.Go(func() {
			if err := answerVisit(c); err != nil {
				h.failed.add(fmt.Errorf("visit from %s: %w", c.RemoteAddr(), err))
			}
		})
	}
}

func answerVisit(c net.Conn) error {
	defer c.Close()
	c.SetDeadline(time.Now().Add(visitPatience))
	var request [4]byte
	if _, err := io.ReadFull(c, request[:]); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	number := binary.BigEndian.Uint32(request[:])
	if _, err := c.Write(binary.BigEndian.AppendUint32(nil, ^number)); err != nil {
		return err
	}
	if number%2 == 0 {
		return wantEOF(c)
	}
	return nil
}

// wantEOF waits for the peer's orderly end.
func wantEOF(c net.Conn) error {
	n, err := c.Read(make([]byte, 1))
	switch {
	case n > 0:
		return errors.New("a byte came instead of the end")
	case err == io.EOF:
		return nil
	case err == nil:
		return io.ErrNoProgress
	}
	return fmt.Errorf("read the end: %w", err)
}
