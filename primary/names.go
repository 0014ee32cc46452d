package primary

import "fmt"

// The names of shared objects are F-Stack's where it has them.
const msgPoolName = "ff_msg_pool"

func poolName(socket int) string          { return fmt.Sprintf("mbuf_pool_%d", socket) }
func dispatchRingName(port, p int) string { return fmt.Sprintf("dispatch_ring_p%d_q%d", port, p) }
func txRingName(port, p int) string       { return fmt.Sprintf("tx_ring_p%d_q%d", port, p) }
func allocRingName(p int) string          { return fmt.Sprintf("alloc_ring_%d", p) }
func freeRingName(p int) string           { return fmt.Sprintf("free_ring_%d", p) }
func msgInRingName(p int) string          { return fmt.Sprintf("ff_msg_ring_in_%d", p) }
func msgOutRingName(p int) string         { return fmt.Sprintf("ff_msg_ring_out_%d", p) }
