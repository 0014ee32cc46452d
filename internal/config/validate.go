package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// validate reports what no single key shows: keys that contradict each other,
// and keys or sections that are missing.
func validate(c *Config, r *report) {
	slices.SortFunc(c.Vdevs, func(a, b Vdev) int { return cmp.Compare(a.ID, b.ID) })
	validateProcs(c, r)
	validateMemory(c, r)
	validateVdevs(c, r)
	validatePorts(c, r)
	validateSupervised(c, r)
}

func validateProcs(c *Config, r *report) {
	d := &c.DPDK
	nbProcs, procLcore := r.at("dpdk", "nb_procs"), r.at("dpdk", "proc_lcore")
	if d.NbProcs > d.MaxProcs {
		r.clash(nbProcs, fmt.Sprintf("more than max_procs=%d", d.MaxProcs), "max_procs")
	}
	validateProcID(c, r)
	if len(c.ProcLcores) == 0 {
		if n := len(d.Lcores) - 1; n > 0 {
			validatePinned(c, r, r.at("dpdk", "lcore_mask"), n)
		}
		return
	}
	if slices.Contains(c.ProcLcores, d.Lcores[0]) {
		r.clash(procLcore, fmt.Sprintf("lcore %d is the primary's, the lowest bit of lcore_mask", d.Lcores[0]), "lcore_mask")
	} else if others := d.Lcores[1:]; len(others) > 0 && !slices.Equal(others, slices.Sorted(slices.Values(c.ProcLcores))) {
		r.clash(procLcore, fmt.Sprintf("lcore_mask=%s says %s; give it only the primary's bit, or the same lcores",
			showMask(d.Lcores), showInts(others)), "lcore_mask")
	}
	validatePinned(c, r, procLcore, len(c.ProcLcores))
}

// validatePinned checks the number of secondaries that l gives an lcore to.
func validatePinned(c *Config, r *report, l line, n int) {
	d := &c.DPDK
	if d.NbProcs > 0 && d.NbProcs != n {
		r.clash(l, fmt.Sprintf("has lcores for %d secondaries, but nb_procs=%d", n, d.NbProcs), "nb_procs")
	}
	if n > d.MaxProcs {
		r.clash(l, fmt.Sprintf("has lcores for %d secondaries, but max_procs=%d", n, d.MaxProcs), "max_procs")
	}
}

func validateProcID(c *Config, r *report) {
	d, l := &c.DPDK, r.at("dpdk", "proc_id")
	if d.NbProcs > 0 && d.ProcID >= d.NbProcs {
		r.clash(l, fmt.Sprintf("not below nb_procs=%d", d.NbProcs), "nb_procs")
	} else if d.ProcID >= d.MaxProcs {
		r.clash(l, fmt.Sprintf("not below max_procs=%d", d.MaxProcs), "max_procs")
	}
}

func validateMemory(c *Config, r *report) {
	d := &c.DPDK
	if d.MaxMbufs > d.NbMbufs {
		r.clash(r.at("dpdk", "max_mbufs"), fmt.Sprintf("more than nb_mbufs=%d", d.NbMbufs), "nb_mbufs")
	}
	if need := c.NeededMemory(); d.Memory > 0 && d.Memory < need {
		r.warn(r.at("dpdk", "memory"), fmt.Sprintf("may be too little: nb_mbufs=%d needs about %d", d.NbMbufs, need))
	}
	if need := len(d.PortList) * (d.NbRxd + d.NbTxd); d.NbMbufs <= need {
		l := r.at("dpdk", "nb_mbufs")
		l.value = fmt.Sprint(d.NbMbufs)
		r.warn(l, fmt.Sprintf("the ports' descriptors can hold all of them; want more than %d", need))
	}
	if d.IdleSleep > 0 && d.PollMode == PollBusy {
		r.warn(r.at("dpdk", "idle_sleep"), "no effect with poll_mode=busy")
	}
}

func validateVdevs(c *Config, r *report) {
	if d := &c.DPDK; d.NbVdev >= 0 && d.NbVdev != len(c.Vdevs) && !r.strayed {
		r.clash(r.at("dpdk", "nb_vdev"), fmt.Sprintf("there are %d [vdevN] sections", len(c.Vdevs)))
	}
	if len(c.Vdevs)+len(c.DPDK.Allow) == 0 {
		r.warn(line{section: "dpdk"}, "no device to open: neither allow= nor a [vdevN] section names one")
	}
	names, interfaces := make(map[string]string), make(map[string]string)
	for i := range c.Vdevs {
		v := &c.Vdevs[i]
		section := fmt.Sprintf("vdev%d", v.ID)
		if v.ID != i {
			r.clash(r.at(section, ""), "numbers start at [vdev0] and leave none out")
		}
		validateVdev(v, section, r)
		name, _, _ := strings.Cut(v.EALArg(), ",")
		if first, ok := names[name]; ok {
			r.clash(r.at(section, ""), fmt.Sprintf("device %s is in [%s] already; give it another number", name, first), "args")
		} else {
			names[name] = section
		}
		for _, name := range v.Interfaces() {
			if first, ok := interfaces[name]; ok {
				r.clash(r.at(section, ""), fmt.Sprintf("interface %s is in [%s] already", name, first), "args")
			} else {
				interfaces[name] = section
			}
		}
	}
}

func validateVdev(v *Vdev, section string, r *report) {
	if v.Args == "" {
		if v.Path == "" {
			r.clash(r.at(section, ""), "needs args, or path for a virtio-user device", "args", "path")
		}
		if v.Queues > 1 && v.CQ == 0 {
			r.clash(r.at(section, "cq"), "several queues need the control queue", "queues")
		}
		return
	}
	for _, key := range []string{"path", "queues", "queue_size", "mac", "cq"} {
		if r.has(section, key) {
			r.clash(r.at(section, key), "not together with args; write it into args")
		}
	}
}
