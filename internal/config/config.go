package config

import (
	"io/fs"
	"net/netip"
)

// Poll modes: how the poll loop behaves when no packet comes.
const (
	PollAdaptive = "adaptive" // spin, then sleep
	PollBusy     = "busy"     // spin for ever
)

// Dispatch hashes: how flows are spread over the secondaries of a group.
const (
	DispatchToeplitz = "toeplitz"
	DispatchModulo   = "modulo"
)

// Limits of a config.ini. They keep a hostile or mistaken file cheap.
const (
	MaxPorts   = 32
	MaxVdevs   = 64
	MaxVIPs    = 64  // virtual addresses per port and address family
	MaxProcs   = 128 // secondaries
	MaxLcores  = 128 // RTE_MAX_LCORE of DPDK's x86-64 builds
	MaxSysctls = 1024
)

// Config is a loaded and checked config.ini, with every default filled in. It
// is plain data: it may be read from any goroutine as long as nobody writes it.
type Config struct {
	DPDK DPDK

	// PrimaryLcore is the lowest bit of lcore_mask.
	PrimaryLcore int
	// ProcLcores holds the lcore of secondary 0, 1, ...: from proc_lcore, else
	// from the other bits of lcore_mask. Empty: secondaries are not pinned.
	ProcLcores []int

	Ports   []Port   // sorted by ID; exactly the ports of DPDK.PortList
	Vdevs   []Vdev   // sorted by ID, without gaps
	Procs   []Proc   // [proc.NAME], in the order of the file
	Sysctls []Sysctl // [freebsd.sysctl], in the order of the file
}

// DPDK holds the [dpdk] section. A field that config.ini may leave out says
// what its zero value means; all others have the default that is given here.
type DPDK struct {
	Lcores       []int    // lcore_mask as ascending lcore numbers; default 0
	Channel      int      // memory channels; 0: EAL decides
	Memory       int      // MB; 0: EAL decides, or what the pool needs with NoHuge
	NoHuge       bool     // run without hugepages; a caller may set it before EALArgs
	BaseVirtaddr uint64   // 0: EAL decides
	FilePrefix   string   // default "ringstack"
	Allow        []string // PCI devices, each with its devargs; empty: no PCI at all
	ExtraEALArgs []string // appended to EAL's arguments as they are
	LogLevel     int      // 1 (emergency) to 8 (debug); 0: EAL decides

	PortList     []int // ascending; default 0
	NbVdev       int   // len(Config.Vdevs)
	Promiscuous  bool  // default true
	NumaOn       bool  // default true
	VlanStrip    bool
	SymmetricRSS bool
	NbRxd        int // receive descriptors per queue; default 512
	NbTxd        int // transmit descriptors per queue; default 512

	NbProcs  int // secondaries that are expected; 0: not said
	ProcID   int // -1: not said
	MaxProcs int // most secondaries at one time; default 16

	NbMbufs  int    // mbufs in the pool; default 16384
	MaxMbufs int    // most mbufs that one secondary may hold; default NbMbufs/4
	RingSize int    // entries per ring; default 1024
	Dispatch string // DispatchToeplitz (default) or DispatchModulo

	PollMode  string // PollAdaptive (default) or PollBusy
	IdleSleep int    // longest pause in microseconds; default 4000 if adaptive, else 0

	ControlSocket string      // default /run/ringstack/<FilePrefix>/control.sock
	SocketGroup   string      // group name or gid; empty: the group of the process
	SocketMode    fs.FileMode // default 0660

	ReattachGrace int // milliseconds that a new primary waits for the secondaries of the last one; default 5000

	StallTime int  // milliseconds after which a secondary that has work and does nothing has stalled; default 1000
	StallKill bool // such a secondary is killed
}

// Port holds a [portN] section. Addresses that are not given are not valid
// (netip.Addr.IsValid).
type Port struct {
	ID     int
	IfName string
	MTU    int // default 1500

	Addr       netip.Addr
	MaskBits   int // the length of netmask's prefix
	Broadcast  netip.Addr
	Gateway    netip.Addr
	VIPs       []netip.Addr
	Addr6      netip.Addr
	PrefixLen  int // default 64
	Gateway6   netip.Addr
	VIPs6      []netip.Addr
	VIPsPrefix int // prefix length of all VIPs6; default 64
}

// Prefix returns the port's IPv4 address with its prefix length; it is the zero
// Prefix if there is none.
func (p *Port) Prefix() netip.Prefix { return netip.PrefixFrom(p.Addr, p.MaskBits) }

// Prefix6 returns the port's IPv6 address with its prefix length; it is the
// zero Prefix if there is none.
func (p *Port) Prefix6() netip.Prefix { return netip.PrefixFrom(p.Addr6, p.PrefixLen) }

// Vdev holds a [vdevN] section: a whole DPDK device string in Args, or
// F-Stack's keys for a virtio-user device.
type Vdev struct {
	ID   int
	Args string

	Path      string
	Queues    int // 0: not given
	QueueSize int // 0: not given
	MAC       string
	CQ        int // control queue: 0 or 1; -1: not given
}

// Proc holds a [proc.NAME] section: secondaries that ff-primary --supervise runs.
type Proc struct {
	Name        string
	Command     []string // absolute path of the program, and its arguments
	Count       int      // how many processes; default 1
	User        string   // name or uid
	Group       string   // the secondaries that share its ports; empty: the program's choice
	ProcID      int      // of the first process, the others follow; -1: any
	Lcores      []int    // one for each process or, if Count is 1, all for it; empty: any
	Env         []string // KEY=VALUE
	StopTimeout int      // seconds from SIGTERM to SIGKILL; default 10
}

// PrimaryName is what the primary is called beside the names of Procs.
const PrimaryName = "primary"

// Sysctl is one name and value of [freebsd.sysctl]. Whether the name exists is
// for the stack to say.
type Sysctl struct{ Name, Value string }

// defaults returns a Config as an empty config.ini would have it. Defaults that
// depend on other keys are filled in by derive.
func defaults() *Config {
	return &Config{DPDK: DPDK{
		Lcores:      []int{0},
		FilePrefix:  "ringstack",
		PortList:    []int{0},
		NbVdev:      -1,
		Promiscuous: true,
		NumaOn:      true,
		NbRxd:       512,
		NbTxd:       512,
		ProcID:      -1,
		MaxProcs:    16,
		NbMbufs:     16384,
		RingSize:    1024,
		Dispatch:    DispatchToeplitz,
		PollMode:    PollAdaptive,
		SocketMode:  0o660,

		ReattachGrace: 5000,
		StallTime:     1000,
	}}
}

// port returns [portN] of c, which it makes if there is none. The pointer is
// valid until the next call.
func (c *Config) port(id int) *Port {
	for i := range c.Ports {
		if c.Ports[i].ID == id {
			return &c.Ports[i]
		}
	}
	c.Ports = append(c.Ports, Port{ID: id, MTU: 1500, PrefixLen: 64, VIPsPrefix: 64})
	return &c.Ports[len(c.Ports)-1]
}

// vdev returns [vdevN] of c, which it makes if there is none. The pointer is
// valid until the next call.
func (c *Config) vdev(id int) *Vdev {
	for i := range c.Vdevs {
		if c.Vdevs[i].ID == id {
			return &c.Vdevs[i]
		}
	}
	c.Vdevs = append(c.Vdevs, Vdev{ID: id, CQ: -1})
	return &c.Vdevs[len(c.Vdevs)-1]
}

// proc returns the index of [proc.NAME] in c.Procs, where it adds one if there
// is none.
func (c *Config) proc(name string) int {
	for i := range c.Procs {
		if c.Procs[i].Name == name {
			return i
		}
	}
	c.Procs = append(c.Procs, Proc{Name: name, Count: 1, ProcID: -1, StopTimeout: 10})
	return len(c.Procs) - 1
}
