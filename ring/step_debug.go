//go:build ringsteps

package ring

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// In a program that is built with the tag ringsteps, RINGSTACK_DIE="STEP:N" makes the process kill itself with SIGKILL when it comes to
// that step for the N-th time. So a test can see what such a death leaves to the other end. The process tells on its standard error which
// step it has come to, and when, in nanoseconds since 1970: it does nothing after that.
var (
	dieAt   step = -1 // none
	dieLeft atomic.Int64
)

func init() {
	var n int64
	if _, err := fmt.Sscanf(os.Getenv("RINGSTACK_DIE"), "%d:%d", &dieAt, &n); err != nil {
		dieAt = -1
	}
	dieLeft.Store(n)
}

func at(s step) {
	if s == dieAt && dieLeft.Add(-1) == 0 {
		fmt.Fprintf(os.Stderr, "ring: dies at step %d, %d\n", s, time.Now().UnixNano())
		syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {} // the other threads still run for a moment
	}
}
