package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// workers are the goroutines of a measurement.
type workers struct {
	group    sync.WaitGroup
	failures chan error // the first
}

func newWorkers() *workers { return &workers{failures: make(chan error, 1)} }

// start runs a worker until it fails, as it does at the latest when its connection is closed.
func (w *workers) start(work func() error) {
	w.group.Go(func() {
		select {
		case w.failures <- work():
		default:
		}
	})
}

// wait returns when all have ended.
func (w *workers) wait() { w.group.Wait() }

// observe lets the workers warm up until they have counted to enough, but not for less than the time that is for it. Then
// it calls measure. A worker that has failed by then fails the measurement.
func (w *workers) observe(t timing, count *atomic.Int64, enough int, measure func(count *atomic.Int64) error) error {
	for start := time.Now(); time.Since(start) < t.warmUp || count.Load() < int64(enough); {
		if time.Since(start) > patience {
			return fmt.Errorf("warm up: %w", errNoProgress)
		}
		if err := w.failure(); err != nil {
			return err
		}
		time.Sleep(t.warmUp / 4)
	}
	return errors.Join(measure(count), w.failure())
}

// failure returns why a worker has ended; nil: all work.
func (w *workers) failure() error {
	select {
	case err := <-w.failures:
		return fmt.Errorf("worker: %w", err)
	default:
		return nil
	}
}

const patience = 30 * time.Second

var errNoProgress = errors.New("too little happens")

// timing is how long a measurement takes.
type timing struct{ warmUp, length time.Duration }

// rate returns how far the count goes in a second of CPU time.
func (t timing) rate(count *atomic.Int64) (float64, error) {
	start, first, before := time.Now(), count.Load(), cpuTime()
	for time.Since(start) < patience {
		time.Sleep(t.length)
		if n, elapsed := count.Load()-first, cpuTime()-before; n > 0 {
			return float64(n) / elapsed.Seconds(), nil
		}
	}
	return 0, errNoProgress
}
