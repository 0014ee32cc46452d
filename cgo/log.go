package cgo

/*
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <rte_log.h>
#include <rte_errno.h>

static int log_to(int fd) {
	FILE *f = fdopen(fd, "w");
	if (f == NULL)
		return -errno;
	setvbuf(f, NULL, _IOLBF, 0);
	return rte_openlog_stream(f) < 0 ? -rte_errno : 0;
}

static void log_line(const char *line) {
	FILE *f = rte_log_get_stream();
	fputs(line, f);
	fflush(f);
}
*/
import "C"

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// syncMark is a line that DPDK does not log.
const syncMark = "\x01sync"

var synced = make(chan struct{}, 1)

// LogTo sends DPDK's log, line by line, to sink, which is called from one goroutine. Called before
// Init it gets EAL's messages too.
func LogTo(sink func(line string)) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("open DPDK log: %w", err)
	}
	defer w.Close()
	fd, err := syscall.Dup(int(w.Fd()))
	if err != nil {
		r.Close()
		return fmt.Errorf("open DPDK log: %w", err)
	}
	syscall.CloseOnExec(fd)
	if err := check(C.log_to(C.int(fd)), "open DPDK log"); err != nil {
		r.Close()
		return err
	}
	go func() {
		for lines := bufio.NewScanner(r); lines.Scan(); {
			if lines.Text() == syncMark {
				synced <- struct{}{}
				continue
			}
			sink(lines.Text())
		}
		io.Copy(io.Discard, r) // after a line too long: DPDK must not block on a full pipe
	}()
	return nil
}

// SyncLog returns when the sink of LogTo, which has been called before, has got all that DPDK has
// logged, or after a second when the sink is stuck. One goroutine may call it.
func SyncLog() {
	line := C.CString(syncMark + "\n")
	defer C.free(unsafe.Pointer(line))
	C.log_line(line)
	select {
	case <-synced:
	case <-time.After(time.Second):
	}
}
