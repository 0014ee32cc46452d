package cgo

/*
#include <stdio.h>
#include <stdlib.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_version.h>

// eal_init sends to the log what EAL prints around it: alerts and getopt's words on stderr, its
// usage on stdout. glibc's streams may be assigned to.
static int eal_init(int argc, char **argv) {
	FILE *out = stdout, *err = stderr;
	stdout = stderr = rte_log_get_stream();
	int rc = rte_eal_init(argc, argv) < 0 ? -rte_errno : 0;
	stdout = out;
	stderr = err;
	return rc;
}
*/
import "C"

import (
	"errors"
	"sync/atomic"
	"unsafe"
)

// ErrInitialised is returned by a second Init: EAL starts once in the life of a process.
var ErrInitialised = errors.New("EAL has been initialised in this process already")

var initialised atomic.Bool

// Init runs rte_eal_init; args[0] is the program's name. The caller has locked its goroutine to its
// thread (runtime.LockOSThread), which becomes the main lcore and is pinned to that CPU.
func Init(args []string) error {
	if initialised.Swap(true) {
		return ErrInitialised
	}
	argv := make([]*C.char, len(args)+1) // argv[argc] is NULL; EAL keeps pointers to the strings
	for i, arg := range args {
		argv[i] = C.CString(arg)
	}
	return check(C.eal_init(C.int(len(args)), (**C.char)(unsafe.Pointer(&argv[0]))), "initialise EAL")
}

// Cleanup runs rte_eal_cleanup: hugepage files and control files are released.
func Cleanup() error { return check(C.rte_eal_cleanup(), "clean up EAL") }

// Version returns rte_version, such as "DPDK 22.11.11".
func Version() string { return C.GoString(C.rte_version()) }

// MainSocket returns the NUMA socket of the main lcore.
func MainSocket() int { return int(C.rte_lcore_to_socket_id(C.rte_get_main_lcore())) }
