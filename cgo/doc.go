// Package cgo is ringstack's boundary to DPDK: one Go method for each DPDK call, bursts where DPDK
// has bursts, and no policy. It is the only package that imports "C".
//
// Addresses of mbufs and of memory are uint64 in the primary's address space, so that bursts
// are arrays without pointers, which cross into C at no cost. Unless a function says otherwise it
// may be called from any thread after Init; the burst calls belong to the thread that called Init,
// whose mempool caches they use.
package cgo
