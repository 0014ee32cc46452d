// Package gvisor runs gVisor's netstack as the TCP/IP engine of a secondary.
//
//	Input -> link -> stack -> endpoint -> socket -> application
//	Poll  <- link <- stack <- endpoint <- socket <- application
//
// Netstack keeps its own timers and goroutines, which send from anywhere: their frames wait in
// the link's bounded queue, which Poll empties into the Device. So Poll names a deadline
// only while a Device has no buffers.
//
// Duplicate address detection, router solicitation, address autoconfiguration, multicast
// listener reports and forwarding are off: several secondaries share one IP and MAC address.
package gvisor
