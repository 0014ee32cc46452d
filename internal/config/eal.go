package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Memory that EAL, rings and ports need beside the mbufs, and the size of an
// mbuf with its buffer, headroom and mempool header.
const (
	baseMemory = 128 << 20
	minMemory  = 256 << 20
	mbufMemory = 2560
)

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
		args = append(args, "--no-huge", "--iova-mode=va", "-m", strconv.Itoa(c.neededMemory()))
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

// neededMemory returns the MB that the pool and everything beside it take.
func (c *Config) neededMemory() int {
	return max(baseMemory+c.DPDK.NbMbufs*mbufMemory, minMemory) >> 20
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
