package ring

import (
	"sync"
	"sync/atomic"
	"time"
)

// A doorbell is a word in shared memory, the sleep sequence: odd while its owner sleeps or is about
// to, and another number for each sleep. It is also the futex that the owner sleeps on:
//
//	sleeper: seq++ (odd); look at the rings once more; futex wait while seq is as it was; seq++ (even)
//	ringer:  publish; is seq odd? seq++ and futex wake
//
// All accesses are sequentially consistent. So either the sleeper's second look sees what was
// published, or the ringer sees the odd sequence; and a ring between the look and the wait changes
// the word, so that the wait returns at once: no wake-up is lost. Of several ringers one makes the
// system call.
//
// A futex and not an eventfd, since ringing never blocks, whatever the sleeper does: the flags of
// an eventfd belong to all who have it, and one of them can make it blocking for the others.

// Ring wakes the owner of seq if it sleeps: one load when it is awake, one system call a sleep.
// Anybody may call it who has published work for the owner before.
func Ring(seq *uint32) {
	v := atomic.LoadUint32(seq)
	if v&1 != 0 && atomic.CompareAndSwapUint32(seq, v, v+1) {
		futexWake(seq)
	}
}

// Sleeper is the owner's end of a doorbell. All but Wake belongs to one goroutine.
type Sleeper struct {
	seq    *uint32
	own    uint32      // what seq has to be; others can overwrite that
	asleep atomic.Bool // for Wake

	mu     sync.Mutex // of Wake and Close
	closed bool
}

// NewSleeper makes the owner's end.
func NewSleeper(seq *uint32) *Sleeper {
	s := &Sleeper{seq: seq, own: atomic.LoadUint32(seq) &^ 1}
	atomic.StoreUint32(seq, s.own)
	return s
}

// Move makes another word the owner's, who is awake. The old one is not touched any more.
func (s *Sleeper) Move(seq *uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq, s.own = seq, atomic.LoadUint32(seq)&^1
	atomic.StoreUint32(seq, s.own)
}

// Close makes Wake do nothing from now on: the shared memory may be unmapped.
func (s *Sleeper) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// Prepare announces a sleep. The caller then looks at all its rings once more and calls Cancel if
// there is work, or Sleep.
func (s *Sleeper) Prepare() {
	s.asleep.Store(true)
	s.own++
	atomic.StoreUint32(s.seq, s.own)
}

// Cancel takes a Prepare back.
func (s *Sleeper) Cancel() {
	s.asleep.Store(false)
	s.own++
	atomic.StoreUint32(s.seq, s.own)
}

// Sleep waits until the bell rings or d has passed (negative: no limit), and ends the sleep. It
// reports whether the bell rang.
func (s *Sleeper) Sleep(d time.Duration) (rung bool) {
	futexWait(s.seq, s.own, d)
	return s.awake()
}

// Nap is Sleep for a pause of milliseconds at most, without telling Go's scheduler: no other
// goroutine gets this one's processor meanwhile. It saves the scheduler's work at each of the many
// pauses of a loop that is locked to its thread; the program has GOMAXPROCS above 1. A signal may
// end it early.
func (s *Sleeper) Nap(d time.Duration) (rung bool) {
	futexWaitRaw(s.seq, s.own, d)
	return s.awake()
}

// awake ends a sleep.
func (s *Sleeper) awake() (rung bool) {
	rung = atomic.LoadUint32(s.seq) != s.own
	s.Cancel()
	return rung
}

// Wake ends the Sleep under way or to come, from any goroutine of the sleeper's own process. It
// costs one load when the sleeper is awake; the caller has published its work before.
func (s *Sleeper) Wake() {
	if !s.asleep.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		Ring(s.seq)
	}
}
