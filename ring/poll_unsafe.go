package ring

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawPoll is ppoll of one descriptor as a raw system call. It returns how many are ready.
func rawPoll(set *unix.PollFd, d time.Duration) int {
	timeout := unix.NsecToTimespec(int64(d))
	n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(set)), 1, uintptr(unsafe.Pointer(&timeout)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}
