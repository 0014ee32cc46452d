package cgo

/*
#include <rte_pdump.h>
#include <rte_errno.h>

static int pdump_init(void) { return rte_pdump_init() < 0 ? -rte_errno : 0; }
*/
import "C"

// InitPdump runs rte_pdump_init: from then on dpdk-dumpcap can attach and capture.
func InitPdump() error { return check(C.pdump_init(), "initialise packet capture") }

// UninitPdump runs rte_pdump_uninit.
func UninitPdump() error { return check(C.rte_pdump_uninit(), "end packet capture") }
