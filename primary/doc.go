// Package primary is the process that owns DPDK: it receives from the NIC, dispatches to the
// secondaries, and sends for them.
//
//	NIC --rx--> dispatch --dispatch_ring--> secondary
//	NIC <--tx-- validate <----tx_ring------ secondary
//	            mempool  ----alloc_ring---> secondary
//	            mempool  <---free_ring----- secondary
//
// One goroutine, locked to the main lcore's thread, runs the poll loop. It alone touches DPDK, the
// rings, the dispatch table and the ownership table. The control socket's goroutines hand it
// closures (Primary.do). Nothing that comes back from a secondary is trusted: each mbuf is looked
// up in the ownership table, which is private memory, and its header is written anew.
package primary
