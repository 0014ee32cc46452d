// Package neigh is the neighbour cache: which Ethernet address an IP address on the link has, for ARP
// (RFC 826) and neighbour discovery (RFC 4861) alike, with the states of RFC 4861 section 7.3.2:
//
//	(none) -Open-> Incomplete -answer-> Reachable -30 s-> Stale -used-> Delay -5 s-> Probe -3 s-> (none)
//	                   | 3 s                ^------------------answer----------------------'
//	                   '-> (none)
//
// Frames for an address that is not resolved yet wait as copies in a bounded pool. The cache knows
// no packet formats: its Host sends solicitations and frames, and tells it what packets said.
//
// A Cache belongs to one goroutine. It calls its Host from Queue, Learn, Advertise and Poll; the Host
// may call MAC, Open and Queue from there.
package neigh
