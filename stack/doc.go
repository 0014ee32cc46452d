// Package stack is a TCP/IP engine for one goroutine: frames and the time go in, frames and events come out.
//
//	Input(port, frame) ─► Ethernet ─► ARP ──────► neigh
//	                         ├─► IPv4, IPv6 ─► reasm ─► ICMP, IGMP/MLD, NDP ─► neigh, routes, path MTUs
//	                         │                    ├─► UDP sockets ─► Events
//	                         │                    └─► tcp ─► Events
//	calls, Poll(now) ────────┴─► route ─► neigh ─► Device.Frame, Device.Send
//
// Inside are no goroutines, locks, clocks, map iterations or finalizers, and no allocation per packet; the
// same inputs, times and seed give the same outputs. Every table has a limit, every drop a counter.
// An application calls the engine from the goroutine that drives it, also from inside the calls of Events.
package stack
