package config

import (
	"fmt"
	"slices"
)

// validateSupervised checks the [proc.NAME] sections.
func validateSupervised(c *Config, r *report) {
	total := 0
	owners := make(map[int]string) // of proc ids
	for i := range c.Procs {
		p := &c.Procs[i]
		v := procCheck{p, "proc." + p.Name, r}
		v.needs("command", "the program to run")
		v.needs("user", "the user that it runs as, such as nobody")
		if p.Name == PrimaryName {
			v.clash("", "that is the primary's own name: choose another")
		}
		v.lcores(c)
		v.procIDs(c, owners)
		before := total
		if total += p.Count; total > c.DPDK.MaxProcs && before <= c.DPDK.MaxProcs {
			v.clash("", fmt.Sprintf("makes it %d processes, more than max_procs=%d", total, c.DPDK.MaxProcs), "count")
		}
	}
}

// procCheck checks one [proc.NAME] section.
type procCheck struct {
	*Proc
	section string
	r       *report
}

func (v procCheck) clash(key, problem string, others ...string) {
	v.r.clash(v.r.at(v.section, key), problem, others...)
}

func (v procCheck) needs(key, what string) {
	if !v.r.has(v.section, key) {
		v.clash("", fmt.Sprintf("needs %s: %s", key, what))
	}
}

func (v procCheck) lcores(c *Config) {
	if n := len(v.Lcores); n > 0 && v.Count > 1 && n != v.Count {
		v.clash("lcores", fmt.Sprintf("names %d for count=%d processes: give one to each, or none", n, v.Count), "count")
	}
	if c.DPDK.PollMode == PollBusy && slices.Contains(v.Lcores, c.DPDK.Lcores[0]) {
		v.clash("lcores", fmt.Sprintf("lcore %d is the primary's, which with poll_mode=busy never leaves it", c.DPDK.Lcores[0]))
	}
}

// procIDs reports an id that an earlier section has, too.
func (v procCheck) procIDs(c *Config, owners map[int]string) {
	if v.ProcID < 0 {
		return
	}
	if last := v.ProcID + v.Count - 1; last >= c.DPDK.MaxProcs {
		v.clash("proc_id", fmt.Sprintf("the last of count=%d processes has %d, not below max_procs=%d", v.Count, last, c.DPDK.MaxProcs), "count")
	}
	for id := v.ProcID; id < v.ProcID+v.Count; id++ {
		if first, ok := owners[id]; ok {
			v.clash("proc_id", fmt.Sprintf("proc id %d is in [%s] already", id, first), "count")
			return
		}
		owners[id] = v.section
	}
}
