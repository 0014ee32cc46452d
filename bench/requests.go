package main

import (
	"io"
	"math"
	"net"
	"runtime"
	"sync/atomic"
)

const requestSize = 64

// measureRequests returns the time of a request and its answer, in microseconds a side: each end of each connection has a
// goroutine, which asks or answers as fast as it can.
func measureRequests(n network, connections int, t timing) (perSide float64, err error) {
	err = drive(n, connections, t, ask, answer, func(answers *atomic.Int64) error {
		rate, err := t.rate(answers)
		perSide = 1e6 / rate / 2
		return err
	})
	return perSide, err
}

// measureAllocations returns how many allocations a request and its answer make, both sides together, to two digits: what the
// runtime allocates now and then is not the request's.
func measureAllocations(n network, connections int, t timing) (perRequest float64, err error) {
	err = drive(n, connections, t, ask, answer, func(answers *atomic.Int64) error {
		before, first := mallocs(), answers.Load()
		_, err := t.rate(answers)
		perRequest = float64(mallocs()-before) / float64(answers.Load()-first)
		return err
	})
	return math.Round(perRequest*100) / 100, err
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// ask sends requests, each after the answer to the one before.
func ask(c net.Conn, answers *atomic.Int64) error {
	buf := make([]byte, requestSize)
	for {
		if _, err := c.Write(buf); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			return err
		}
		answers.Add(1)
	}
}

// answer sends back what comes.
func answer(c net.Conn, _ *atomic.Int64) error {
	buf := make([]byte, requestSize)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return err
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return err
		}
	}
}
