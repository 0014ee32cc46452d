package dispatch

// What a Func returns in place of a queue.
const (
	DispatchError    = -1 // drop the frame
	DispatchResponse = -2 // send the frame, as edited, out of the port it came from
)

// Context is what the frame itself no longer shows.
type Context struct {
	VLANStripped bool   // the NIC took the 802.1Q tag off; a response gets it again
	VLANTCI      uint16 // the tag's TCI as a number (F-Stack: in network byte order), if VLANStripped
}

// Func is a user dispatcher with the contract of F-Stack's
// dispatch_func_context_t (lib/ff_api.h). It sees each frame in place of the
// Table and returns the queue, that is the proc id, which gets the frame
// (0..nQueues-1), DispatchError or DispatchResponse. Anything else, the id of a
// secondary that is not live included, drops the frame. As in F-Stack, ARP and
// neighbour discovery given to any queue reach every stack; so do MLD and IGMP.
//
// frame is the received frame from its Ethernet header on, valid until the
// return, unchecked and possibly malformed. It may be edited in place, and *n,
// at first len(frame), may be set to its new length, from 14 up to cap(frame)
// and what the port's MTU allows. queue is the receive queue that the frame came
// from, nQueues the number of procs: nb_procs of config.ini, or else max_procs.
//
// It is called on the poll loop for every frame: it must not block, allocate
// or keep frame.
type Func func(frame []byte, n *int, queue, nQueues uint16, ctx Context) int
