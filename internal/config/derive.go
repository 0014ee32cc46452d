package config

import (
	"cmp"
	"path/filepath"
	"slices"
)

// adaptiveSleep is the longest pause, in microseconds, of a poll loop that may
// sleep and is not told for how long.
const adaptiveSleep = 4000

// socketDir is where the control sockets of all prefixes live.
const socketDir = "/run/ringstack"

// derive fills in the values of a valid c that follow from others, and brings
// its lists into order.
func derive(c *Config) {
	d := &c.DPDK
	c.PrimaryLcore = d.Lcores[0]
	if len(c.ProcLcores) == 0 && len(d.Lcores) > 1 {
		c.ProcLcores = slices.Clone(d.Lcores[1:])
	}
	if d.MaxMbufs == 0 {
		d.MaxMbufs = d.NbMbufs / 4
	}
	if d.IdleSleep == 0 && d.PollMode == PollAdaptive {
		d.IdleSleep = adaptiveSleep
	}
	if d.ControlSocket == "" {
		d.ControlSocket = filepath.Join(socketDir, d.FilePrefix, "control.sock")
	}
	d.NbVdev = len(c.Vdevs)
	slices.Sort(d.PortList)
	derivePorts(c)
}

// derivePorts drops the ports that are not in port_list.
func derivePorts(c *Config) {
	c.Ports = slices.DeleteFunc(c.Ports, func(p Port) bool {
		return !slices.Contains(c.DPDK.PortList, p.ID)
	})
	slices.SortFunc(c.Ports, func(a, b Port) int { return cmp.Compare(a.ID, b.ID) })
	for i := range c.Ports {
		if p := &c.Ports[i]; p.Addr.IsValid() && !p.Broadcast.IsValid() {
			p.Broadcast = broadcast(p.Prefix())
		}
	}
}
