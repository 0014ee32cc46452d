package main

import (
	"errors"
	"net/netip"
	"sync/atomic"

	"ringstack/secondary/engine"
)

// measureEvents returns the time of a request and its answer, in microseconds a side, through handlers that run in the
// engines' loops. No goroutine has a part in it.
func measureEvents(n network, connections int, t timing) (perSide float64, err error) {
	w := newWorkers()
	askers, err := openAskers(n.(wired), connections, t, w)
	if err != nil {
		return 0, err
	}
	askers.count.Store(0)
	n.(wired).Client.(engine.Events).Post(askers.begin)
	err = w.observe(t, &askers.count, connections, func(answers *atomic.Int64) error {
		rate, err := t.rate(answers)
		perSide = 1e6 / rate / 2
		return err
	})
	return perSide, err
}

// openAskers opens connections to handlers that answer.
func openAskers(n wired, connections int, t timing, w *workers) (*askers, error) {
	client, server := n.Client.(engine.Events), n.Server.(engine.Events)
	if _, err := server.ServeTCP(n.Addr(serverPort), func() engine.Handler { return answerer{} }); err != nil {
		return nil, err
	}
	all := &askers{failures: w.failures}
	for i := range connections {
		local := netip.AddrPortFrom(n.Source(i/portsPerAddress), 0)
		if err := client.ConnectTCP(local, n.Addr(serverPort), &asker{askers: all}); err != nil {
			return nil, err
		}
	}
	return all, w.observe(t, &all.count, connections, func(*atomic.Int64) error { return nil })
}

// answerer sends back what comes.
type answerer struct{ engine.Ignore }

// Data implements engine.Handler.
func (answerer) Data(c engine.Conn) {
	for b := c.Peek(); len(b) > 0; b = c.Peek() {
		c.Write(b)
		c.Discard(len(b))
	}
}

// askers are all clients.
type askers struct {
	open     []engine.Conn
	count    atomic.Int64 // of open connections, later of answers
	failures chan<- error
}

var request [requestSize]byte

// begin sends the first request of each.
func (a *askers) begin() {
	for _, c := range a.open {
		c.Write(request[:])
	}
}

// asker sends requests, each after the answer to the one before.
type asker struct {
	engine.Ignore
	*askers
	got int // bytes of the answer
}

// Open implements engine.Handler.
func (a *asker) Open(c engine.Conn) {
	a.open = append(a.open, c)
	a.count.Add(1)
}

// Data implements engine.Handler.
func (a *asker) Data(c engine.Conn) {
	for b := c.Peek(); len(b) > 0; b = c.Peek() {
		a.got += len(b)
		c.Discard(len(b))
	}
	if a.got >= requestSize {
		a.got = 0
		a.count.Add(1)
		c.Write(request[:])
	}
}

var errEnded = errors.New("connection ended")

// Closed implements engine.Handler.
func (a *asker) Closed(_ engine.Conn, err error) {
	if err == nil {
		err = errEnded
	}
	select {
	case a.failures <- err:
	default:
	}
}
