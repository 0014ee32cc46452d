package secondary

import (
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/msg"
	"ringstack/ring"
	"ringstack/shm"
)

const (
	burst        = 64
	yieldFor     = 50 * time.Microsecond // of finding nothing, before the loop sleeps
	publishEvery = 50 * time.Millisecond // counters of the control block
)

// loop is what the loop goroutine works on. Of it only woken, sleeper.Wake and ended are for others.
type loop struct {
	proc    int
	mem     *shm.Memory
	header  *shm.Header
	slot    *shm.Slot
	sleeper *ring.Sleeper
	devices []*device
	mbufs   mbufs
	msgIn   *ring.Consumer
	control *msg.Responder
	woken   atomic.Bool
	ended   chan struct{}
	rx      [burst]uint64
	sent    bool // in this turn, which ends with ringing the primary's bell
	count   loopCounters
}

type loopCounters struct {
	loops                       uint64
	busy, spun                  time.Duration // in turns with work; in turns without
	txNoMbuf, txFull, notLeader uint64
}

// openLoop opens our ends of all rings and doorbells.
func (s *Secondary) openLoop() error {
	l := &s.loop
	l.proc = s.attach.Proc
	l.ended = make(chan struct{})
	l.slot = l.mem.Slot(s.attach.Control, l.proc)
	l.sleeper = ring.NewSleeper(&l.slot.Sleep)
	return s.openRings()
}

func (s *Secondary) openRings() error {
	l, a := &s.loop, &s.attach
	var errs [4]error
	l.mbufs.spare = make([]uint64, 0, min(spareMbufs, a.MaxMbufs/4))
	l.mbufs.alloc, errs[0] = ring.NewConsumer(l.mem, a.Alloc)
	l.mbufs.free, errs[1] = ring.NewProducer(l.mem, a.Free)
	l.msgIn, errs[2] = ring.NewConsumer(l.mem, a.MsgIn)
	msgOut, err := ring.NewProducer(l.mem, a.MsgOut)
	errs[3] = err
	for _, p := range a.Ports {
		rx, rxErr := ring.NewConsumer(l.mem, p.Rx)
		tx, txErr := ring.NewProducer(l.mem, p.Tx)
		if err := errors.Join(rxErr, txErr); err != nil {
			return err
		}
		l.devices = append(l.devices, &device{
			loop: l, port: p.ID, rx: rx, tx: tx, staged: make([]uint64, 0, burst), limit: p.MTU + etherOverhead,
		})
	}
	l.control = msg.NewResponder(ring.MessageReceiver{Consumer: l.msgIn}, ring.MessageSender{Producer: msgOut}, l.mem, s.answer)
	return errors.Join(errs[:]...)
}

// run is the loop: take bursts, run the engine, answer control requests, send, then yield or sleep.
func (s *Secondary) run() {
	defer close(s.ended)
	s.pin()
	idleSince := time.Now()
	published := idleSince
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
		if !worked {
			s.idle(end, end.Sub(idleSince), next)
			end = time.Now()
		}
		now = end
	}
}

// turn does everything once. It returns whether there was anything to do and when the engine wants
// to run at the latest.
func (s *Secondary) turn(now time.Time) (worked bool, next time.Time) {
	s.sent = false
	worked = s.woken.Load() && s.woken.CompareAndSwap(true, false)
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
	if s.attach.Busy {
		return
	}
	if idleFor < yieldFor {
		unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
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
	return s.msgIn.Len() > 0 || s.woken.Load() || s.stop.Load()
}

// pin gives the loop the CPU that the configuration has for it alone.
func (s *Secondary) pin() {
	if s.attach.Lcore < 0 {
		return
	}
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(s.attach.Lcore)
	unix.SchedSetaffinity(0, &set) // a CPU that this process may not use: it runs where it may
}
