package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// badLink loses, reorders and doubles frames as a bad radio link does.
var badLink = testenv.Impairment{Loss: 0.02, Reorder: 0.02, Duplicate: 0.01, Delay: time.Millisecond, Seed: 1}

func TestBulkOverABadLink(t *testing.T) {
	e := testenv.New(t, testenv.Config{Relay: &badLink})
	ways := newWays(t, e, attach(t, e, ""))
	eachWay(t, ways, func(w *way) (string, error) { return w.transfer(4 << 20) })
	for what, n := range map[string]int64{"lost": e.Relay.Lost.Load(), "late": e.Relay.Late.Load(), "doubled": e.Relay.Doubled.Load()} {
		if n == 0 {
			t.Errorf("no frame was %s: the link was good", what)
		}
	}
}

// transfer sends n bytes each way over one connection.
func (w *way) transfer(n int64) (string, error) {
	client, server, err := w.connect(60 * time.Second)
	if err != nil {
		return "", err
	}
	f, err := duplex(client, server, 1, bytesEach(n))
	return f.String(), err
}

// TestParallelStreams is several connections at a time with a stream each way.
func TestParallelStreams(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	for _, w := range newWays(t, e, attach(t, e, "")) {
		const streams, duration = 4, time.Second
		total, err := w.parallel(streams, duration)
		if err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		t.Logf("%s: %d streams each way: %v", w.name, streams, total)
	}
}

// parallel sends streams for a time, and wants something to come of each.
func (w *way) parallel(streams int, duration time.Duration) (total flows, err error) {
	type result struct {
		flows
		err error
	}
	results := make(chan result, streams)
	end := time.Now().Add(duration)
	for i := range streams {
		client, server, err := w.connect(30 * time.Second)
		if err != nil {
			return total, err
		}
		go func() {
			f, err := duplex(client, server, uint64(2*i), until(end))
			results <- result{f, err}
		}()
	}
	for range streams {
		r := <-results
		if err = errors.Join(err, r.err); r.up.bytes == 0 || r.down.bytes == 0 {
			err = errors.Join(err, fmt.Errorf("a stream had nothing: %+v", r.flows))
		}
		total.up.add(r.up)
		total.down.add(r.down)
	}
	return total, err
}

// add adds what went at the same time.
func (f *flow) add(g flow) {
	f.bytes += g.bytes
	f.took = max(f.took, g.took)
}
