package primary

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// keepOffLcore moves all threads but this one, which EAL has pinned, off the poll loop's CPU, as far
// as there is another. Threads to come inherit it.
// allowed is what the process had before EAL.
func keepOffLcore(lcore int, allowed unix.CPUSet) error {
	others := allowed
	others.Clear(lcore)
	if others.Count() == 0 {
		return nil
	}
	self := unix.Gettid()
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("list threads: %w", err)
	}
	for _, thread := range threads {
		tid, err := strconv.Atoi(thread.Name())
		if err != nil || tid == self {
			continue
		}
		unix.SchedSetaffinity(tid, &others) // a thread that has just ended is no matter
	}
	return nil
}
