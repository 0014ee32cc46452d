// Package wheel is a hierarchical timer wheel. A timer is a small integer that the caller already has (a slot number),
// so that arming, moving and cancelling are a few stores in arrays without pointers.
//
//	level 0   64 slots of 1 tick      level 1   64 slots of 64 ticks      level 2   64 slots of 4096 ticks ...
//
// A timer waits in the level of the highest 6-bit digit in which its tick differs from the current one, and moves down
// each time the current tick enters its slot. Varghese and Lauck 1987, scheme 6. Occupancy bitmaps find the next
// busy slot without stepping through empty ticks.
//
// A Wheel belongs to one goroutine.
package wheel

import (
	"math/bits"
	"time"
)

const (
	digitBits = 6
	slots     = 1 << digitBits
	levels    = 11 // 66 bits: every tick has a place
)

const idle = ^uint16(0)

type node struct {
	tick       uint64
	next, prev uint32 // timer ids; 0 ends the list
	slot       uint16 // level*slots+slot, or idle
}

// Wheel holds timers. Ids start at 1. The zero value is not usable: call New.
type Wheel struct {
	tick  time.Duration
	cur   uint64
	n     int
	nodes []node
	busy  [levels]uint64
	heads [levels * slots]uint32
}

// New returns an empty wheel whose resolution is tick. Timers never fire early, and at most one tick late.
func New(tick time.Duration) *Wheel {
	return &Wheel{tick: tick, nodes: make([]node, 1)}
}

// Len is the number of armed timers.
func (w *Wheel) Len() int { return w.n }

// Set arms timer id for time at, or moves it there. A time already past fires at the next tick.
func (w *Wheel) Set(id uint32, at time.Duration) {
	w.grow(id)
	if w.nodes[id].slot != idle {
		w.unlink(id)
	}
	tick := uint64((at + w.tick - 1) / w.tick)
	if at < 0 || tick <= w.cur {
		tick = w.cur + 1
	}
	w.nodes[id].tick = tick
	w.place(id)
}

// Cancel disarms timer id; it may be idle already.
func (w *Wheel) Cancel(id uint32) {
	if w.Armed(id) {
		w.unlink(id)
	}
}

// Armed reports whether timer id waits.
func (w *Wheel) Armed(id uint32) bool {
	return int(id) < len(w.nodes) && w.nodes[id].slot != idle
}

// At is the time for which timer id is armed, rounded up to a tick. It has no meaning for an idle timer.
func (w *Wheel) At(id uint32) time.Duration {
	return time.Duration(w.nodes[id].tick) * w.tick
}

// Expire disarms and returns one timer due at now; call it until ok is false. The handler may use every method
// between two calls.
func (w *Wheel) Expire(now time.Duration) (id uint32, ok bool) {
	target := uint64(max(now, 0) / w.tick)
	if w.n == 0 {
		w.cur = max(w.cur, target)
		return 0, false
	}
	for {
		if id := w.heads[w.cur%slots]; id != 0 {
			w.unlink(id)
			return id, true
		}
		next, ok := w.nextTick()
		if !ok || next > target {
			w.cur = max(w.cur, target)
			return 0, false
		}
		w.cur = next
		w.cascade()
	}
}

// Next is a time at or before the next expiry, for the caller's sleep; ok is false when nothing is armed.
func (w *Wheel) Next() (at time.Duration, ok bool) {
	if w.n == 0 {
		return 0, false
	}
	if w.heads[w.cur%slots] != 0 {
		return time.Duration(w.cur) * w.tick, true
	}
	tick, ok := w.nextTick()
	return time.Duration(tick) * w.tick, ok
}

// nextTick finds the first tick after cur at which a slot comes due or has to move down.
func (w *Wheel) nextTick() (tick uint64, ok bool) {
	for l := range levels {
		shift := uint(l * digitBits)
		digit := w.cur >> shift % slots
		later := w.busy[l] &^ (uint64(1)<<(digit+1) - 1)
		if later != 0 {
			above := w.cur >> (shift + digitBits) << (shift + digitBits)
			return above | uint64(bits.TrailingZeros64(later))<<shift, true
		}
	}
	return 0, false
}

// cascade moves the timers of every slot that begins at cur down to their new level.
func (w *Wheel) cascade() {
	for l := levels - 1; l > 0; l-- {
		shift := uint(l * digitBits)
		if w.cur&(uint64(1)<<shift-1) != 0 {
			continue
		}
		slot := l*slots + int(w.cur>>shift%slots)
		id := w.heads[slot]
		w.heads[slot] = 0
		w.busy[l] &^= 1 << (w.cur >> shift % slots)
		for id != 0 {
			next := w.nodes[id].next
			w.n--
			w.place(id)
			id = next
		}
	}
}

func (w *Wheel) place(id uint32) {
	nd := &w.nodes[id]
	level := 0
	if diff := nd.tick ^ w.cur; diff != 0 {
		level = (bits.Len64(diff) - 1) / digitBits
	}
	digit := nd.tick >> uint(level*digitBits) % slots
	slot := level*slots + int(digit)
	nd.slot = uint16(slot)
	nd.prev = 0
	nd.next = w.heads[slot]
	if nd.next != 0 {
		w.nodes[nd.next].prev = id
	}
	w.heads[slot] = id
	w.busy[level] |= 1 << digit
	w.n++
}

func (w *Wheel) unlink(id uint32) {
	nd := &w.nodes[id]
	if nd.next != 0 {
		w.nodes[nd.next].prev = nd.prev
	}
	if nd.prev != 0 {
		w.nodes[nd.prev].next = nd.next
	} else {
		w.heads[nd.slot] = nd.next
		if nd.next == 0 {
			w.busy[nd.slot/slots] &^= 1 << (nd.slot % slots)
		}
	}
	nd.slot = idle
	w.n--
}

func (w *Wheel) grow(id uint32) {
	for int(id) >= len(w.nodes) {
		w.nodes = append(w.nodes, node{slot: idle})
	}
}
