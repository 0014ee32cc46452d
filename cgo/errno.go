package cgo

/*
#cgo pkg-config: libdpdk
#include <rte_errno.h>
*/
import "C"

import (
	"fmt"
	"syscall"
)

// Errno is a DPDK error number: an errno, or one of DPDK's own from 1001 on.
type Errno int

// Error returns rte_strerror's text.
func (e Errno) Error() string { return C.GoString(C.rte_strerror(C.int(e))) }

// Is lets errors.Is compare with a syscall.Errno.
func (e Errno) Is(target error) bool {
	errno, ok := target.(syscall.Errno)
	return ok && int(errno) == int(e)
}

// check turns the result of a DPDK call, negative on failure, into an error.
func check(rc C.int, format string, args ...any) error {
	if rc >= 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), Errno(-rc))
}
