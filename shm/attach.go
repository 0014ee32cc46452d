package shm

import "net/netip"

// Segment is a stretch of shared memory.
type Segment struct {
	Addr     uint64 `json:"addr"`      // the primary's
	Len      uint64 `json:"len"`       // bytes
	PageSize uint64 `json:"page_size"` // bytes
	FD       int    `json:"fd"`        // index among the descriptors that came with the list
	Offset   uint64 `json:"offset"`    // in the file
}

// Attach is what a secondary needs to take part: the reply to its hello. The descriptors that
// Segments name come with it.
type Attach struct {
	Proc     int               `json:"proc"`
	Epoch    uint64            `json:"epoch"`
	Layout   map[string]uint64 `json:"layout"` // cgo.Layout
	Segments []Segment         `json:"segments"`
	Control  uint64            `json:"control"` // address of the control block

	Alloc  uint64 `json:"alloc_ring"` // addresses of the rings
	Free   uint64 `json:"free_ring"`
	MsgIn  uint64 `json:"msg_ring_in"`
	MsgOut uint64 `json:"msg_ring_out"`

	BufLen   int  `json:"buf_len"`   // bytes of an mbuf's data room, headroom included
	Busy     bool `json:"busy"`      // poll_mode=busy
	Lcore    int  `json:"lcore"`     // CPU for the loop, or -1
	MaxMbufs int  `json:"max_mbufs"` // what the secondary may hold

	Ports   []Port   `json:"ports"`
	Sysctls []Sysctl `json:"sysctls"`

	Ticket     string    `json:"ticket"`                // proves to another primary who the secondary was
	Refused    []Refusal `json:"refused,omitempty"`     // ports of a resume that others have now
	LostLeases []uint16  `json:"lost_leases,omitempty"` // leases of a resume that others have now
}

// Refusal is a local port on which a secondary that resumes cannot listen any more.
type Refusal struct {
	Proto uint8  `json:"proto"`
	Port  uint16 `json:"port"`
	Errno int32  `json:"errno"`
	Error string `json:"error"`
}

// Port is a NIC port as a secondary sees it.
type Port struct {
	ID    int            `json:"id"`
	Name  string         `json:"name"`
	MAC   [6]byte        `json:"mac"`
	MTU   int            `json:"mtu"`
	Addrs []netip.Prefix `json:"addrs"`
	Gates []netip.Addr   `json:"gates"`
	Rx    uint64         `json:"dispatch_ring"` // addresses of the rings
	Tx    uint64         `json:"tx_ring"`
}

// Sysctl is a variable to be set before traffic flows.
type Sysctl struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
