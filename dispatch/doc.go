// Package dispatch decides which secondary process gets a received frame.
//
//	           Parse                 Decide
//	frame ---> Packet --------------------------------------------> Verdict
//	           reasons:   1 another station's MAC     drop          Drop, Reason
//	           runt,      2 ARP, NDP, MLD, IGMP       every proc    Deliver, Proc
//	           checksum,  3 later fragment            as its first  Broadcast
//	           ...        4 pinned flow               its owner     Hold
//	                      5 leased or owned port      bucket: proc  Release, Proc
//	                      6 all else                  hash: live proc
//
// A proc is one secondary, known by its proc id. Procs own local ports by
// listening; the members of a group share a port by a table of 256 buckets.
// Membership changes move buckets, and TCP flows that exist then stay where
// they are (see Table.Donors). New flows keep away from procs that drain or have
// stalled (see Table.Drain, Table.Stall).
//
// Nothing here has a lock, a goroutine or a clock: a Table belongs to one
// goroutine, the primary's poll loop, which hands the time in. Parse and
// Decide do not allocate.
package dispatch
