// Package tcp is TCP (RFC 9293) for one engine: every connection, listener and timer, and no socket, goroutine, lock or
// clock. The engine hands in segments and the time; segments leave through Net, news for the application through Events.
//
//	Input(segment) ──► table ──► conn ──► receive queue ──► Events
//	                     ├─────► half-open (SYN cache) ──► conn
//	                     └─────► TIME-WAIT block
//	Write, Close … ──► send queue ─┐
//	Tick (timers) ─────────────────┴──► Flush ──► Net
//
// Input, Tick and the application's calls only mark a connection as having something to send. Flush, called once in each
// turn of the engine's loop, sends: an acknowledgement rides on whatever data the turn produced.
//
// Connection blocks, half-open and TIME-WAIT blocks, sent records and out-of-order runs live in slabs without pointers and
// are named by number. An idle connection holds one block and no buffer.
//
// A Transport belongs to one goroutine. Its output depends only on its inputs, their times and the seed.
package tcp
