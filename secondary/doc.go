// Package secondary is the SDK: it attaches the program to a running primary and gives it a TCP/IP
// stack of its own behind the interfaces of package net.
//
//	application goroutines --- net.Conn, net.Listener, net.PacketConn
//	        |  (buffers, wake-ups)
//	     engine  <--- one goroutine, the loop ---> dispatch, tx, alloc and free rings ---> primary
//
// A secondary needs no root, no cgo and no DPDK: the primary hands it the shared memory as file
// descriptors. When the program dies, however it dies, the primary takes everything back.
package secondary
