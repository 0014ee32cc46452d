// Package reasm puts fragmented IPv4 and IPv6 packets together again (RFC 791 section 3.2, RFC 8200 section 4.5).
//
//	fragment -> datagram (by source, destination, id, protocol) -> chunks of 2 KB from a pool -> whole packet
//
// A datagram keeps a sorted list of the ranges that have come, the complement of the holes of RFC 815. An overlap
// that is no exact duplicate ends the datagram, and what comes later for it is dropped (RFC 5722 section 4; for
// IPv4 too, as RFC 6274 section 4.1.2.2 advises against a choice between two contents). Datagrams, memory and datagrams per source are bounded;
// the oldest makes room.
//
// A Table belongs to one goroutine.
package reasm
