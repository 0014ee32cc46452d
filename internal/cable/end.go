package cable

import (
	"sync/atomic"
	"time"

	"ringstack/secondary/engine"
)

const (
	mtu      = 1500
	etherLen = 14
	burst    = 64   // frames of a turn, as in a secondary's loop
	depth    = 1024 // frames under way in each direction: a power of two
)

// end is an engine's Device, with the frames that have come for it.
type end struct {
	engine engine.Engine
	peer   *end
	next   time.Time // when the engine wants to be called; zero: not by itself
	woken  atomic.Bool

	inbox  [depth][]byte
	rx, tx uint // frames taken from inbox, and put there by the peer
	spare  [][]byte
	frame  []byte
}

func newEnd() *end {
	e := &end{}
	for range depth {
		e.spare = append(e.spare, make([]byte, mtu+etherLen))
	}
	return e
}

// turn gives the engine a burst of what has come and lets it send. It reports whether there was anything to do.
func (e *end) turn(now time.Time, cut bool) bool {
	woken := e.woken.Load() && e.woken.Swap(false)
	due := !e.next.IsZero() && !now.Before(e.next)
	if !woken && !due && e.rx == e.tx {
		return false
	}
	for range min(burst, e.tx-e.rx) {
		f := e.inbox[e.rx%depth]
		e.rx++
		if !cut {
			e.engine.Input(0, f)
		}
		e.peer.spare = append(e.peer.spare, f[:cap(f)])
	}
	e.next = e.engine.Poll(now)
	return true
}

// Frame implements engine.Device.
func (e *end) Frame(n int) []byte {
	if len(e.spare) == 0 || n > mtu+etherLen {
		return nil
	}
	e.frame = e.spare[len(e.spare)-1][:n]
	return e.frame
}

// Send implements engine.Device.
func (e *end) Send() {
	e.spare = e.spare[:len(e.spare)-1]
	p := e.peer
	p.inbox[p.tx%depth] = e.frame
	p.tx++
}

// Wake implements engine.Device.
func (e *end) Wake() { e.woken.Store(true) }
