package ring

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A doorbell is an eventfd and a sleep sequence in shared memory. The sequence is odd while its
// owner sleeps or is about to, and each sleep has a number of its own:
//
//	sleeper: seq++ (odd); look at the rings once more; poll(eventfd); seq++ (even)
//	ringer:  publish; seq odd and not yet rung? write(eventfd)
//
// All accesses are sequentially consistent. So either the sleeper's second look sees what was
// published, or the ringer sees the odd sequence: no wake-up is lost. One that comes late makes
// the next sleep end early, which is harmless.

// NewEventFD makes the eventfd of a doorbell: non-blocking and close-on-exec.
func NewEventFD() (int, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("make eventfd: %w", err)
	}
	return fd, nil
}

// Bell is the ringer's end of a doorbell, used by one goroutine at a time.
type Bell struct {
	seq  *uint32
	fd   int
	rung uint32
}

// NewBell makes the ringer's end. The caller keeps fd open as long as the Bell is used.
func NewBell(seq *uint32, fd int) *Bell { return &Bell{seq: seq, fd: fd} }

// Ring wakes the sleeper if it sleeps: one load when it is awake, one system call a sleep.
func (b *Bell) Ring() {
	seq := atomic.LoadUint32(b.seq)
	if seq&1 == 0 || seq == b.rung {
		return
	}
	b.rung = seq
	signal(b.fd)
}

// Sleeper is the consumer's end of a doorbell. All but Wake belongs to one goroutine.
type Sleeper struct {
	seq    *uint32
	own    uint32      // what seq has to be; others can overwrite that
	asleep atomic.Bool // for Wake, which may come when the shared memory is no longer mapped
	set    [1]unix.PollFd

	mu sync.Mutex // of Wake and Close
	fd int        // -1 when closed
}

// NewSleeper makes the consumer's end. The caller keeps fd open until Close.
func NewSleeper(seq *uint32, fd int) *Sleeper {
	own := atomic.LoadUint32(seq) &^ 1
	atomic.StoreUint32(seq, own)
	return &Sleeper{seq: seq, own: own, fd: fd, set: [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}}
}

// Close makes Wake do nothing from now on.
func (s *Sleeper) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fd = -1
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
	var timeout *unix.Timespec
	if d >= 0 {
		ts := unix.NsecToTimespec(int64(d))
		timeout = &ts
	}
	n, _ := unix.Ppoll(s.set[:], timeout, nil) // EINTR is a wake-up like any other
	return s.awake(n)
}

// Nap is Sleep for a pause of milliseconds at most, without telling Go's scheduler: no other
// goroutine gets this one's processor meanwhile. It saves the scheduler's work at each of the many
// pauses of a loop that is locked to its thread; the program has GOMAXPROCS above 1.
func (s *Sleeper) Nap(d time.Duration) (rung bool) {
	return s.awake(rawPoll(&s.set[0], d))
}

// awake ends a sleep whose poll returned n.
func (s *Sleeper) awake(n int) (rung bool) {
	s.Cancel()
	if n <= 0 {
		return false
	}
	var count [8]byte
	unix.Read(int(s.set[0].Fd), count[:])
	return true
}

// Wake ends the Sleep under way or to come, from any goroutine of the sleeper's own process. It
// costs one load when the sleeper is awake; the caller has published its work before.
func (s *Sleeper) Wake() {
	if !s.asleep.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd >= 0 {
		signal(s.fd)
	}
}

func signal(fd int) {
	one := [8]byte{1}
	unix.Write(fd, one[:]) // EAGAIN: the counter is full, so the sleeper wakes anyway
}
