package cgo

/*
#include <errno.h>
#include <stdio.h>
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
*/
import "C"

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"syscall"
)

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
			sink(lines.Text())
		}
		io.Copy(io.Discard, r) // after a line too long: DPDK must not block on a full pipe
	}()
	return nil
}
