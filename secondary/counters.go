package secondary

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// publish writes the loop's counters since it attached into the control block, for ff top and ff traffic.
func (s *Secondary) publish() {
	if s.session == nil {
		return
	}
	c, slot := &s.count, s.slot
	usr := max(cpuTime()-s.started-c.busy-c.spun, 0)
	atomic.StoreUint64(&slot.Loops, c.loops)
	atomic.StoreUint64(&slot.SysNS, uint64(c.busy))
	atomic.StoreUint64(&slot.UsrNS, uint64(usr))
	atomic.StoreUint64(&slot.TxDropped, s.engine.Dropped()-c.dropped+c.unplugged)
	atomic.StoreUint64(&slot.TxNoMbuf, c.txNoMbuf)
	atomic.StoreUint64(&slot.TxFull, c.txFull)
	atomic.StoreUint64(&slot.NotLeader, c.notLeader)
}

// cpuTime returns the CPU time of this process.
func cpuTime() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
