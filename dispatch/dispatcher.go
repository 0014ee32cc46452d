package dispatch

// What a Func returns in place of a queue.
const (
	DispatchError    = -1 // drop the frame
	DispatchResponse = -2 // send the frame, as edited, out of the port it came from
)

// Context is what the frame itself no longer shows.
type Context struct {
	VLANStripped bool   // the NIC took the 802.1Q tag off
	VLANTCI      uint16 // the tag's TCI, if VLANStripped
}

// Func is a user dispatcher with the contract of F-Stack's
// dispatch_func_context_t (lib/ff_api.h). It sees each frame before the Table
// does and returns the queue, that is the proc id, which gets the frame
// (0..nQueues-1), DispatchError or DispatchResponse.
//
// frame is the received frame from its Ethernet header on, valid until the
// return. It may be edited in place. For a response *n, at first len(frame),
// may be set to the new length, up to cap(frame). queue is the receive queue that
// the frame came from, nQueues the number of procs.
//
// It is called on the poll loop for every frame: it must not block, allocate
// or keep frame.
type Func func(frame []byte, n *int, queue, nQueues uint16, ctx Context) int
