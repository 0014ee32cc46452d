package main

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// ruinDoorbells overwrites sleep sequences, its own and the primary's, fills its own doorbell, and
// takes the primary's wake-ups.
func ruinDoorbells(e *enemy) error {
	go func() {
		for ; ; time.Sleep(10 * time.Microsecond) {
			atomic.StoreUint32(&e.slot.Sleep, rand.Uint32()|1) // sleeps, another time
			atomic.StoreUint32(&e.header.Sleep, rand.Uint32())
		}
	}()
	ours, primarys := e.bells[0], e.bells[1]
	full := [8]byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	var count [8]byte
	unix.Read(ours, count[:]) // fails when it has not been rung yet
	if _, err := unix.Write(ours, full[:]); err != nil {
		return err
	}
	go func() {
		for set := []unix.PollFd{{Fd: int32(primarys), Events: unix.POLLIN}}; ; {
			unix.Ppoll(set, nil, nil)
			unix.Read(primarys, count[:])
		}
	}()
	return nil
}
