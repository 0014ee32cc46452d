// Package native is the secondary's engine on ringstack's own TCP/IP stack, with the types of package net on top.
//
//	application goroutines   Read, Write, Accept, Dial ...
//	       │   ▲
//	buffers│   │wake-ups          one lock a socket; a list of sockets that want attention
//	       ▼   │
//	the loop   Input, Poll ──► stack.Engine ──► Device
//
// Only the loop touches the stack. A call of the application moves bytes to or from its socket's buffers, and puts the
// socket on the list when the stack has to do something; the loop takes the whole list once in each Poll. What the
// stack delivers goes straight to the memory of a call that waits, where there is one. Calls that wait are woken once
// a burst, after all of its frames; what they write at once leaves in the same Poll.
//
// A Handler of the event API (engine.Events) runs in the loop itself, where a socket of package net has its buffers: it sees
// the frame, and writes into the stack's send buffer.
//
//	stack.Engine ──► stream, socket ──► conn, udpConn          package net
//	                                └─► eventConn, packetConn  engine.Handler, engine.PacketHandler
//
// Nothing is allocated for a request on an established connection. An idle connection holds no buffer.
package native
