package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// useOneCPU keeps all threads of the process on the last CPU that it may use, which interrupts find less often than the
// first, and lets one goroutine run at a time.
func useOneCPU() (cpu int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return 0, fmt.Errorf("get CPU affinity: %w", err)
	}
	for cpu = len(set)*64 - 1; cpu > 0 && !set.IsSet(cpu); cpu-- {
	}
	set.Zero()
	set.Set(cpu)
	runtime.GOMAXPROCS(1)
	return cpu, pinThreads(&set)
}

// pinThreads moves every thread. New ones inherit the CPU of the thread that makes them: those made
// meanwhile are found by looking until there are no others.
func pinThreads(set *unix.CPUSet) error {
	for pinned, again := map[string]bool{}, true; again; {
		again = false
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("list threads: %w", err)
		}
		for _, t := range threads {
			if pinned[t.Name()] {
				continue
			}
			pinned[t.Name()], again = true, true
			id, err := strconv.Atoi(t.Name())
			if err != nil {
				return fmt.Errorf("list threads: %w", err)
			}
			if err := unix.SchedSetaffinity(id, set); err != nil && err != unix.ESRCH {
				return fmt.Errorf("set CPU affinity: %w", err)
			}
		}
	}
	return nil
}

// cpuTime is how long the process has had a CPU, in kernel calls too. On one CPU, with a process that always has something to do, it
// goes as fast as the clock, but stands still while other processes have the CPU.
func cpuTime() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) // fails for no clock that there is
	return time.Duration(t.Nano())
}
