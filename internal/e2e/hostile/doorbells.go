package main

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// ruinDoorbells overwrites sleep sequences, its own and the primary's.
func ruinDoorbells(e *enemy) error {
	go func() {
		for ; ; time.Sleep(10 * time.Microsecond) {
			atomic.StoreUint32(&e.slot.Sleep, rand.Uint32()|1) // sleeps, another time
			atomic.StoreUint32(&e.header.Sleep, rand.Uint32())
		}
	}()
	return nil
}
