// Package shm is DPDK's memory as Go sees it, without DPDK: the segments, the mbufs and the
// control block.
//
//	primary's address space      a secondary's
//	+--------+ 0x100000000       +--------+ anywhere
//	| mbufs  |        ---------> | mbufs  |      At(addr) = base + (addr - start)
//	| rings  |                   | rings  |
//	+--------+                   +--------+
//
// Every address in shared memory and on a ring is the primary's. Memory translates it by one
// addition. A secondary trusts what the primary has put there; the primary checks with Contains
// and its own tables what comes from a secondary before it calls anything here with it.
package shm
