package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ringstack/internal/e2e/parcel"
	"ringstack/internal/testenv"
)

const courier = "ringstack/internal/e2e/courier"

// What a connection carries is bounded, so that many of them leave room, and so are the kernel's buffers, so that they do not
// hide for how long nothing came.
const (
	deliveryStep   = 4 << 10 // bytes at a time
	deliveryPause  = 20 * time.Millisecond
	deliveryBuffer = 4 << 10
)

// deliveries are many connections of a test's namespace to couriers, each with a parcel under way, one way or the other, all the time.
type deliveries struct {
	t        *testing.T
	start    time.Time
	size     int64 // of a parcel
	pause    time.Duration
	conns    []*delivery
	stopping atomic.Bool
	work     sync.WaitGroup
	bytes    atomic.Int64 // that were right
	latest   atomic.Int64 // time when the latest came from a courier, since start
	gap      atomic.Int64 // longest time when none did
}

// delivery is one connection.
type delivery struct {
	*deliveries
	net.Conn
	in      *bufio.Reader
	seed    uint64
	parcels int          // that have come whole
	latest  atomic.Int64 // progress, since start
	gap     atomic.Int64 // longest time without
	err     error
}

// deliver opens n connections, which stay open, and has parcels go over them until stop.
func deliver(t *testing.T, e *testenv.Env, address string, n int, size int64) *deliveries {
	t.Helper()
	return deliverSlowly(t, e, address, n, size, deliveryPause)
}

func deliverSlowly(t *testing.T, e *testenv.Env, address string, n int, size int64, pause time.Duration) *deliveries {
	t.Helper()
	d := &deliveries{t: t, start: time.Now(), size: size, pause: pause}
	t.Cleanup(d.hangUp)
	for i := range n {
		c, err := e.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		c.(*net.TCPConn).SetReadBuffer(deliveryBuffer)
		c.(*net.TCPConn).SetWriteBuffer(deliveryBuffer)
		d.conns = append(d.conns, &delivery{deliveries: d, Conn: c, in: bufio.NewReader(c), seed: uint64(i) << 32})
	}
	d.latest.Store(int64(time.Since(d.start)))
	for i, c := range d.conns {
		order := c.get
		if i%2 == 1 {
			order = c.put
		}
		c.deliveries.work.Go(func() { c.run(order) })
	}
	return d
}

func (c *delivery) run(order func() error) {
	c.latest.Store(int64(time.Since(c.start)))
	for !c.stopping.Load() && c.err == nil {
		c.seed++
		if c.err = order(); c.err == nil {
			c.parcels++
		}
	}
}

// get has a parcel sent.
func (c *delivery) get() error {
	if _, err := fmt.Fprintf(c.Conn, "get %d %d\n", c.seed, c.size); err != nil {
		return err
	}
	return c.carry(parcel.New(c.seed, c.size), c.in)
}

// put sends a parcel.
func (c *delivery) put() error {
	if _, err := fmt.Fprintf(c.Conn, "put %d %d\n", c.seed, c.size); err != nil {
		return err
	}
	if err := c.carry(c.Conn, parcel.New(c.seed, c.size)); err != nil {
		return err
	}
	answer, err := c.in.ReadString('\n')
	if err == nil && answer != "ok\n" {
		err = fmt.Errorf("the courier received: %s", strings.TrimSpace(answer))
	}
	return err
}

// carry copies a parcel.
func (c *delivery) carry(to io.Writer, from io.Reader) error {
	for rest := c.size; rest > 0; time.Sleep(c.pause) {
		n, err := io.CopyN(to, from, min(rest, deliveryStep))
		if err != nil {
			return err
		}
		rest -= n
		now := int64(time.Since(c.start))
		c.bytes.Add(n)
		raise(&c.gap, now-c.latest.Swap(now))
		if to != io.Writer(c.Conn) { // what is written may still lie in the kernel
			raise(&c.deliveries.gap, now-c.deliveries.latest.Swap(now))
		}
	}
	return nil
}

// wantMore waits until every connection has progressed.
func (d *deliveries) wantMore(within time.Duration) {
	d.t.Helper()
	before := int64(time.Since(d.start))
	testenv.Eventually(d.t, within, "every connection progresses", func() bool {
		for _, c := range d.conns {
			if c.latest.Load() < before {
				return false
			}
		}
		return true
	})
}

// finish lets the parcels under way arrive and fails the test for each connection that has failed.
func (d *deliveries) finish() {
	d.t.Helper()
	d.stopping.Store(true)
	stuck := time.AfterFunc(30*time.Second, d.hangUp)
	d.work.Wait()
	if !stuck.Stop() {
		d.t.Error("some parcels did not arrive")
	}
	parcels := 0
	for i, c := range d.conns {
		parcels += c.parcels
		if c.err != nil {
			d.t.Errorf("connection %d, from %v, after %d parcels: %v", i, c.LocalAddr(), c.parcels, c.err)
		}
	}
	d.t.Logf("%d connections carried %d parcels of %d bytes", len(d.conns), parcels, d.size)
}

func (d *deliveries) hangUp() {
	d.stopping.Store(true)
	for _, c := range d.conns {
		c.Close()
	}
	d.work.Wait()
}

// widest returns the longest time in which nothing came on any connection, and without progress on one.
func (d *deliveries) widest() (all, one time.Duration) {
	for _, c := range d.conns {
		one = max(one, time.Duration(c.gap.Load()))
	}
	return time.Duration(d.gap.Load()), one
}
