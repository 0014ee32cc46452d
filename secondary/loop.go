package secondary

import (
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/ring"
	"ringstack/shm"
)

const (
	burst        = 64
	yieldFor     = 50 * time.Microsecond // of finding nothing, before the loop sleeps
	yieldEvery   = time.Millisecond      // of work, when other goroutines may have no CPU but the loop's
	publishEvery = 50 * time.Millisecond // counters of the control block
)

// loop is what the loop goroutine works on. Of it only woken, calls, sleeper.Wake and ended are for others.
type loop struct {
	*session // nil while there is no primary
	sleeper  *ring.Sleeper
	yielder  ring.Yielder
	resting  uint32      // what the sleeper sleeps on while there is no session
	devices  []*device   // by position in attach.Ports; none while there is no session
	lasting  []*device   // those that the engine has
	listed   int         // bytes of the last list of connections
	left     []byte      // the connections that there were when the last session ended, see flows
	lcore    int         // that the loop is pinned to, or -1
	allowed  unix.CPUSet // the CPUs that it may run on otherwise
	woken    atomic.Bool
	calls    chan func() // for the loop to run
	ended    chan struct{}
	rx       [burst]uint64
	sent     bool // in this turn, which ends with ringing the primary's bell
	count    loopCounters
}

type loopCounters struct {
	loops                       uint64
	busy, spun                  time.Duration // in turns with work; in turns without
	txNoMbuf, txFull, notLeader uint64
	unplugged                   uint64 // frames to a port that the primary does not have
	dropped                     uint64 // by the engine before
}

// run is the loop: take bursts, run the engine, answer control requests, send, then yield or sleep.
func (s *Secondary) run() {
	defer close(s.ended)
	s.pin(s.attach.Lcore)
	idleSince := time.Now()
	published, yielded := idleSince, idleSince
	for now := idleSince; !s.stop.Load(); {
		worked, next := s.turn(now)
		end := time.Now()
		s.count.loops++
		if worked {
			s.count.busy += end.Sub(now)
			idleSince = end
		} else {
			s.count.spun += end.Sub(now)
		}
		if end.Sub(published) >= publishEvery {
			s.publish()
			published = end
		}
		switch {
		case !worked:
			s.idle(end, end.Sub(idleSince), next)
			end = time.Now()
			yielded = end
		case end.Sub(yielded) >= yieldEvery:
			runtime.Gosched()
			end = time.Now()
			yielded = end
		}
		now = end
	}
}

// turn does everything once. It returns whether there was anything to do and when the engine wants
// to run at the latest.
func (s *Secondary) turn(now time.Time) (worked bool, next time.Time) {
	if len(s.calls) > 0 {
		(<-s.calls)()
	}
	s.sent = false
	worked = s.woken.Load() && s.woken.CompareAndSwap(true, false)
	if s.session == nil {
		return worked, s.engine.Poll(now)
	}
	for _, d := range s.devices {
		worked = s.receive(d) || worked
	}
	next = s.engine.Poll(now)
	s.sent = s.control.Poll() || s.sent
	for _, d := range s.devices {
		d.flush()
	}
	s.sent = s.mbufs.flush() || s.sent
	if s.sent {
		ring.Ring(&s.header.Sleep)
	}
	return worked || s.sent, next
}

// receive gives the engine a burst of frames.
func (s *Secondary) receive(d *device) bool {
	n := d.rx.Dequeue(s.rx[:])
	for _, addr := range s.rx[:n] {
		m := s.mem.Mbuf(addr)
		s.engine.Input(d.port, s.mem.Bytes(addr+shm.MbufSize+uint64(m.DataOff), int(m.DataLen)))
		s.mbufs.put(addr)
	}
	return n > 0
}

// idle gives the CPU away: first to this program's goroutines, then to other processes, then it
// sleeps until a doorbell rings or the engine's next timer is due.
func (s *Secondary) idle(now time.Time, idleFor time.Duration, next time.Time) {
	runtime.Gosched()
	if s.session != nil && s.attach.Busy {
		return
	}
	if idleFor < yieldFor && s.yielder.Yield() {
		return
	}
	s.publish()
	s.sleeper.Prepare()
	if s.workWaits() {
		s.sleeper.Cancel()
		return
	}
	s.sleeper.Sleep(untilNext(now, next))
}

// untilNext returns how long to sleep for a deadline; the zero deadline is none.
func untilNext(now, next time.Time) time.Duration {
	if next.IsZero() {
		return -1
	}
	return max(next.Sub(now), 0)
}

// workWaits looks at everything that wakes the loop.
func (s *Secondary) workWaits() bool {
	for _, d := range s.devices {
		if d.rx.Len() > 0 {
			return true
		}
	}
	return s.woken.Load() || s.stop.Load() || len(s.calls) > 0 || s.session != nil && s.msgIn.Len() > 0
}

// do runs f in the loop and returns when it has run, or when the loop has ended without (false).
func (s *Secondary) do(f func()) bool {
	ran := make(chan struct{})
	select {
	case s.calls <- func() { f(); close(ran) }:
	case <-s.ended:
		return false
	}
	s.sleeper.Wake()
	select {
	case <-ran:
		return true
	case <-s.ended:
	}
	select {
	case <-ran:
		return true
	default:
		return false
	}
}

// pin gives the loop the CPU that the configuration has for it alone, or with -1 all that it had before.
func (s *Secondary) pin(lcore int) {
	if lcore == s.lcore {
		return
	}
	if s.lcore < 0 {
		runtime.LockOSThread()
		unix.SchedGetaffinity(0, &s.allowed)
	}
	s.lcore = lcore
	if lcore < 0 {
		unix.SchedSetaffinity(0, &s.allowed)
		runtime.UnlockOSThread()
		return
	}
	var set unix.CPUSet
	set.Set(lcore)
	unix.SchedSetaffinity(0, &set) // a CPU that this process may not use: it runs where it may
}
