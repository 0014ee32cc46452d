package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Sizes in bytes.
const (
	baseMemory    = 128 << 20 // what EAL, rings and ports need beside the mbufs
	minMemory     = 256 << 20
	mbufOverhead  = 384 // of an mbuf beside its data room: headers and alignment
	minDataRoom   = 2048
	headroom      = 128 // RTE_PKTMBUF_HEADROOM
	frameOverhead = 18  // Ethernet header and one VLAN tag
)

// DataRoom returns the bytes of an mbuf's buffer, headroom included: any port's
// longest frame fits into one mbuf.
func (c *Config) DataRoom() int {
	room := minDataRoom
	for i := range c.Ports {
		room = max(room, c.Ports[i].MTU+frameOverhead)
	}
	return (room+63)&^63 + headroom
}

// EALArgs returns the arguments of rte_eal_init for the primary; program is
// argv[0]. A caller that must run without hugepages sets c.DPDK.NoHuge first.
func (c *Config) EALArgs(program string) []string {
	d := &c.DPDK
	args := []string{program, "-l", strconv.Itoa(c.PrimaryLcore)}
	if d.Channel > 0 {
		args = append(args, "-n", strconv.Itoa(d.Channel))
	}
	args = append(args, "--proc-type=primary", "--file-prefix="+d.FilePrefix)
	args = append(args, c.memoryArgs()...)
	args = append(args, c.deviceArgs()...)
	if d.LogLevel > 0 {
		args = append(args, "--log-level="+strconv.Itoa(d.LogLevel))
	}
	return append(args, d.ExtraEALArgs...)
}

// memoryArgs asks for one file per segment list where there are hugepages, so
// that a secondary is sent few file descriptors. Without them all memory is one
// memfd anyway, and no device reaches it by physical address.
func (c *Config) memoryArgs() (args []string) {
	d := &c.DPDK
	switch {
	case d.NoHuge && d.Memory > 0:
		args = append(args, "--no-huge", "--iova-mode=va", "-m", strconv.Itoa(d.Memory))
	case d.NoHuge:
		args = append(args, "--no-huge", "--iova-mode=va", "-m", strconv.Itoa(c.NeededMemory()))
	case d.Memory > 0:
		args = append(args, "--single-file-segments", "--socket-mem="+strconv.Itoa(d.Memory))
	default:
		args = append(args, "--single-file-segments")
	}
	if d.BaseVirtaddr > 0 {
		args = append(args, fmt.Sprintf("--base-virtaddr=%#x", d.BaseVirtaddr))
	}
	return args
}

// NeededMemory returns the MB that the pool and everything beside it take.
func (c *Config) NeededMemory() int {
	return max(baseMemory+c.DPDK.NbMbufs*(c.DataRoom()+mbufOverhead), minMemory) >> 20
}

func (c *Config) deviceArgs() (args []string) {
	if len(c.DPDK.Allow) == 0 {
		args = append(args, "--no-pci")
	}
	for _, device := range c.DPDK.Allow {
		args = append(args, "-a", device)
	}
	for i := range c.Vdevs {
		args = append(args, "--vdev="+c.Vdevs[i].EALArg())
	}
	return args
}

// EALArg returns the device as DPDK's --vdev wants it: Args, or the virtio-user
// device that F-Stack's keys describe.
func (v *Vdev) EALArg() string {
	if v.Args != "" {
		return v.Args
	}
	var b strings.Builder
	fmt.Fprintf(&b, "net_virtio_user%d,path=%s", v.ID, v.Path)
	if v.Queues > 0 {
		fmt.Fprintf(&b, ",queues=%d", v.Queues)
	}
	if v.CQ > 0 || v.CQ < 0 && v.Queues > 1 {
		b.WriteString(",cq=1")
	}
	if v.QueueSize > 0 {
		fmt.Fprintf(&b, ",queue_size=%d", v.QueueSize)
	}
	if v.MAC != "" {
		fmt.Fprintf(&b, ",mac=%s", v.MAC)
	}
	return b.String()
}

// Interfaces returns the kernel interfaces that the device is on.
func (v *Vdev) Interfaces() (names []string) {
	for arg := range strings.SplitSeq(v.EALArg(), ",") {
		if name, ok := strings.CutPrefix(arg, "iface="); ok {
			names = append(names, name)
		}
	}
	return names
}
