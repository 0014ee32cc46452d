// Package ring works DPDK's single-producer single-consumer rings (rte_ring) in pure Go, on the
// same memory as DPDK's own code, and wakes a sleeping consumer with a doorbell.
//
//	producer process                    consumer process
//	Producer.Enqueue --- rte_ring ---> Consumer.Dequeue
//	Ring             --- futex ------> Sleeper.Sleep
//
// A ring has one producer and one consumer, each used by one goroutine at a time. Either end may be
// C code or the process of an enemy: each end keeps its own index in private memory and treats what
// it reads of the other's as a claim. An impossible claim breaks the end for good (Broken).
package ring
