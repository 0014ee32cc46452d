package ring

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Operations of futex(2), without FUTEX_PRIVATE_FLAG: the word is shared between processes.
const (
	futexOpWait = 0
	futexOpWake = 1
)

// futexWait sleeps while *word is value, for d at most (negative: no limit), or until a signal.
// Why it ended does not matter: the word tells.
func futexWait(word *uint32, value uint32, d time.Duration) {
	timeout := timespec(d)
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexOpWait, uintptr(value),
		uintptr(unsafe.Pointer(timeout)), 0, 0)
}

// futexWaitRaw is futexWait as a raw system call, with a time limit.
func futexWaitRaw(word *uint32, value uint32, d time.Duration) {
	timeout := unix.NsecToTimespec(int64(d))
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexOpWait, uintptr(value),
		uintptr(unsafe.Pointer(&timeout)), 0, 0)
}

// timespec returns d for the kernel; nil, no limit, for a negative one.
func timespec(d time.Duration) *unix.Timespec {
	if d < 0 {
		return nil
	}
	ts := unix.NsecToTimespec(int64(d))
	return &ts
}

// futexWake wakes one sleeper.
func futexWake(word *uint32) {
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexOpWake, 1, 0, 0, 0)
}
