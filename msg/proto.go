package msg

// Roles of a Hello and of a Proc.
const (
	RolePrimary   = "primary" // of a Proc only
	RoleSecondary = "secondary"
	RoleTool      = "tool" // of a Hello only
)

// AnyProc asks for any free proc id in a Hello, and for all secondaries in a tool's request.
const AnyProc = -1

// Hello opens a connection. pid and uid are the kernel's word (SO_PEERCRED), not the caller's.
type Hello struct {
	Version int    `json:"version"` // Version of the sender, also checked beyond the header's
	Role    string `json:"role"`
	Program string `json:"program,omitempty"`
	Group   string `json:"group,omitempty"` // secondaries of one group share ports; "" means the program's name
	Proc    int    `json:"proc"`            // wanted proc id, or AnyProc

	Resume *Resume `json:"resume,omitempty"` // of a secondary that was attached to a primary before, as Proc
}

// Resume is what a secondary had when its primary went, and wants to have again.
type Resume struct {
	Ticket string        `json:"ticket"` // of its attach message
	Ports  []PortRequest `json:"ports,omitempty"`
	Leases []uint16      `json:"leases,omitempty"` // the first port of each
	Drain  *Drain        `json:"drain,omitempty"`  // it drains
}

// FlowReport lists TCP connections of a secondary that resumes. It sends as many reports as it needs.
type FlowReport struct {
	Flows []byte `json:"flows"` // see AppendFlow
}

// MaxFlowReport is how many bytes of flows fit one request; JSON makes four bytes of three.
const MaxFlowReport = (MaxRequest - 64) * 3 / 4 / flowSize * flowSize

// Ready says that a secondary has mapped and checked the memory and started its stack.
type Ready struct {
	Unset []SysctlRow `json:"unset,omitempty"` // variables of the attach message that the stack refused, and why
}

// Detach says why the primary lets a secondary go. The secondary must not touch the shared memory after it.
type Detach struct {
	Reason string `json:"reason"`
	Stops  bool   `json:"stops,omitempty"` // the primary stops: the secondary may attach to the next one
}

// PortRequest names a local port to listen on.
type PortRequest struct {
	Proto uint8  `json:"proto"` // 6 TCP, 17 UDP
	Port  uint16 `json:"port"`
}

// LeaseReply is a block of local ports, for TCP and UDP, that belong to the asking secondary alone.
type LeaseReply struct {
	First uint16 `json:"first"`
	N     int    `json:"n"`
}

// ProcRequest limits a tool's request to one secondary, or not (AnyProc). One that is not attached
// is refused with ESRCH.
type ProcRequest struct {
	Proc int `json:"proc"`
}

// DrainRequest has a secondary get no new connections, and end when those that it has have ended, or after the timeout. The reply comes when
// it has let go of the primary.
type DrainRequest struct {
	Proc      int   `json:"proc"`
	TimeoutMS int64 `json:"timeout_ms"` // 1 to MaxDrainMS
}

// MaxDrainMS is a day.
const MaxDrainMS = 24 * 60 * 60 * 1000

// Drain tells a secondary that no new connections are dispatched to it any more. It is to end when those that it has have ended.
type Drain struct {
	LeftMS int64 `json:"left_ms"` // when it is to end at the latest; 0: there is no limit
}

// PsReply is the state of the primary, of the attached secondaries, and of the mbuf pools.
type PsReply struct {
	Procs []Proc `json:"procs"`
	Pools []Pool `json:"pools"`
}

// Proc is one process. The primary has the id -1.
type Proc struct {
	ID      int      `json:"proc_id"`
	Role    string   `json:"role"` // RolePrimary or RoleSecondary
	Program string   `json:"program"`
	Group   string   `json:"group"`
	PID     int      `json:"pid"`
	UID     int      `json:"uid"`
	State   string   `json:"state"`
	Leader  bool     `json:"leader"` // answers ARP and neighbour discovery
	Uptime  float64  `json:"uptime_seconds"`
	Ports   []string `json:"ports"` // "tcp/80"
	Mbufs   int      `json:"mbufs"` // held now

	Ephemeral []string `json:"ephemeral,omitempty"` // those of Ports that were not asked for by number
}

// Pool is the balance of one mbuf pool: Size = Free + NIC + Held.
type Pool struct {
	Name string `json:"name"`
	Size int    `json:"size"`
	Free int    `json:"free"`
	NIC  int    `json:"nic"`  // in descriptors and queues of the ports and of the primary
	Held int    `json:"held"` // by secondaries, their rings included
}

// TopRow has the running totals of a secondary's loop. Idle + Sys + Usr = the time since attach.
type TopRow struct {
	Proc  int    `json:"proc_id"`
	Loops uint64 `json:"loops"`
	Idle  uint64 `json:"idle_ns"` // found nothing to do, or slept
	Sys   uint64 `json:"sys_ns"`  // in the stack
	Usr   uint64 `json:"usr_ns"`  // in the application
}

// TrafficRow has the running totals of what a secondary received and sent.
type TrafficRow struct {
	Proc      int    `json:"proc_id"`
	RxPackets uint64 `json:"rx_packets"`
	RxBytes   uint64 `json:"rx_bytes"`
	TxPackets uint64 `json:"tx_packets"`
	TxBytes   uint64 `json:"tx_bytes"`
	RxDropped uint64 `json:"rx_dropped"` // dispatched to it, but its ring or quota was full
	TxDropped uint64 `json:"tx_dropped"` // given up by its stack
}

// Stat is a counter or level: "port0.rx_packets", "drop.bad_ipv4_checksum".
type Stat struct {
	Name  string `json:"name"`
	Value uint64 `json:"value"`
}

// SysctlRequest reads the variables named Name or below it ("" means all), or sets one. The reply
// has what each asked secondary answered; rows of a set have the values that now hold.
type SysctlRequest struct {
	Proc  int     `json:"proc"`
	Name  string  `json:"name,omitempty"`
	Value *string `json:"value,omitempty"` // set to this
}

// SysctlRow is a variable of one secondary, or why it could not be had.
type SysctlRow struct {
	Proc  int    `json:"proc_id"`
	Name  string `json:"name"`
	Value string `json:"value"`
	Errno int32  `json:"errno,omitempty"` // of Error; ENOENT: this secondary has no such variable
	Error string `json:"error,omitempty"`
}
