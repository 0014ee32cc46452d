package ring

import (
	"time"

	"golang.org/x/sys/unix"
)

// What a yield takes was seen to be below 2 ms where others do something short and wait again, though they all share one CPU with their
// client, and 2 to 4 ms, a time slice, where one computes. Now and then one takes so long for other reasons.
const (
	slowYield = 2 * time.Millisecond
	again     = 64  // as many times as long as a slow yield took: a second one within that is no chance
	repose    = 256 // as many times as long: there are no yields then
	maxRepose = 10 * time.Second
)

// Yielder gives the CPU to whoever else wants it, as long as that costs little. It belongs to one goroutine.
//
// Where all on a CPU wait most of the time, as a primary, its secondaries and their clients do, to yield is the fastest way from one to the
// next: nobody sleeps, nobody is woken. But one that computes keeps the CPU for a whole time slice each time, and Linux takes a yield for a
// waiver (since 6.18 it sets the virtual runtime to the end of the slice): who yields again and again gets next to nothing. One that sleeps is
// let in soon after it wakes up.
type Yielder struct {
	slow  time.Time // until when another slow yield is the second one
	until time.Time // there are none before
}

// Yield gives the CPU away, unless that has cost too much of late (false): then sleep.
func (y *Yielder) Yield() bool {
	begun := time.Now()
	if begun.Before(y.until) {
		return false
	}
	unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) // without telling Go's scheduler
	y.judge(begun, time.Now())
	return true
}

// judge decides on the next yields by how long one took.
func (y *Yielder) judge(begun, ended time.Time) {
	took := ended.Sub(begun)
	if took < slowYield {
		return
	}
	if begun.Before(y.slow) {
		y.until = ended.Add(min(repose*took, maxRepose))
	}
	y.slow = ended.Add(min(again*took, maxRepose))
}
