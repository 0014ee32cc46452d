package config

// sections is the one table of what may stand in a config.ini, in the order in
// which Print writes it.
var sections = []*section{
	{name: "dpdk", keys: dpdkKeys},
	{name: "pcap", keys: []key{
		later("enable", anyFlag, "0"),
		quiet("snaplen", number(0, 65535)),
		quiet("savelen", number(0, 1<<31-1)),
		quiet("savepath", text),
	}},
	{name: "port", keys: portKeys, numbered: true, last: MaxPorts - 1,
		open: func(c *Config, id int) { c.port(id) },
		ids: func(c *Config) (ids []int) {
			for i := range c.Ports {
				ids = append(ids, c.Ports[i].ID)
			}
			return ids
		}},
	{name: "vlan", keys: vlanKeys, numbered: true, first: 1, last: 4094, later: true},
	{name: "vdev", keys: vdevKeys, numbered: true, last: MaxVdevs - 1,
		open: func(c *Config, id int) { c.vdev(id) },
		ids: func(c *Config) (ids []int) {
			for i := range c.Vdevs {
				ids = append(ids, c.Vdevs[i].ID)
			}
			return ids
		}},
	{name: "proc", keys: procKeys,
		named:  func(c *Config, name string) int { return c.proc(name) },
		nameOf: func(c *Config, id int) string { return c.Procs[id].Name },
		ids: func(c *Config) (ids []int) {
			for i := range c.Procs {
				ids = append(ids, i)
			}
			return ids
		}},
	{name: "bond", numbered: true, last: MaxPorts - 1,
		refused: noBonding},
	{name: "rss_check", keys: []key{
		later("enable", anyFlag, "0"),
		quiet("rss_tbl", text),
	}},
	{name: "kni", keys: []key{
		later("enable", anyFlag, "0"),
		quiet("method", choice("accept", "reject")),
		quiet("kni_action", choice("alltokni", "alltoff", "default")),
		quiet("tcp_port", list(0, 65535)),
		quiet("udp_port", list(0, 65535)),
		quiet("console_packets_ratelimit", number(0, 1<<31-1)),
		quiet("general_packets_ratelimit", number(0, 1<<31-1)),
		quiet("kernel_packets_ratelimit", number(0, 1<<31-1)),
	}},
	{name: "freebsd.boot", keys: []key{
		later("hz", number(1, 1<<31-1), "100"),
		later("physmem", number(0, 1<<62), "268435456"),
		later("fd_reserve", number(0, 1<<31-1), "0"),
		later("memsz_MB", number(0, 1<<31-1), "256"),
	}, other: func(name string) (key, bool) { return later(name, text), true }},
	{name: "freebsd.sysctl", other: sysctl, names: func(c *Config) (names []string) {
		for _, s := range c.Sysctls {
			names = append(names, s.Name)
		}
		return names
	}},
}

const noBonding = "bonding is not supported yet"

var dpdkKeys = []key{
	dpdk("lcore_mask", func(d *DPDK) value { return maskValue(&d.Lcores) }),
	{name: "proc_lcore", bind: func(c *Config, _ int) value { return intsValue(&c.ProcLcores, 0, MaxLcores-1) }},
	dpdk("nb_procs", func(d *DPDK) value { return intValue(&d.NbProcs, 1, MaxProcs) }),
	dpdk("proc_id", func(d *DPDK) value { return intValue(&d.ProcID, 0, MaxProcs-1) }),
	dpdk("max_procs", func(d *DPDK) value { return intValue(&d.MaxProcs, 1, MaxProcs) }),
	dpdk("channel", func(d *DPDK) value { return intValue(&d.Channel, 1, 32) }),
	dpdk("memory", func(d *DPDK) value { return intValue(&d.Memory, 64, 1<<20) }),
	dpdk("no_huge", func(d *DPDK) value { return flagValue(&d.NoHuge) }),
	dpdk("base_virtaddr", func(d *DPDK) value { return hexValue(&d.BaseVirtaddr) }),
	dpdk("file_prefix", func(d *DPDK) value {
		return textValue(&d.FilePrefix, prefixText, "a name of up to 64 letters, digits, _ . and -, starting with none of . and -")
	}),
	dpdk("allow", func(d *DPDK) value { return allowValue(&d.Allow) }),
	dpdk("extra_eal_args", func(d *DPDK) value { return extraArgsValue(&d.ExtraEALArgs) }),
	dpdk("log_level", func(d *DPDK) value { return intValue(&d.LogLevel, 1, 8) }),

	dpdk("port_list", func(d *DPDK) value { return intsValue(&d.PortList, 0, MaxPorts-1) }),
	dpdk("nb_vdev", func(d *DPDK) value { return intValue(&d.NbVdev, 0, MaxVdevs) }),
	dpdk("promiscuous", func(d *DPDK) value { return flagValue(&d.Promiscuous) }),
	dpdk("numa_on", func(d *DPDK) value { return flagValue(&d.NumaOn) }),
	dpdk("vlan_strip", func(d *DPDK) value { return flagValue(&d.VlanStrip) }),
	dpdk("symmetric_rss", func(d *DPDK) value { return flagValue(&d.SymmetricRSS) }),
	dpdk("nb_rxd", func(d *DPDK) value { return powerValue(&d.NbRxd, 64, 8192) }),
	dpdk("nb_txd", func(d *DPDK) value { return powerValue(&d.NbTxd, 64, 8192) }),

	dpdk("nb_mbufs", func(d *DPDK) value { return intValue(&d.NbMbufs, 1024, 4<<20) }),
	dpdk("max_mbufs", func(d *DPDK) value { return intValue(&d.MaxMbufs, 64, 4<<20) }),
	dpdk("ring_size", func(d *DPDK) value { return powerValue(&d.RingSize, 64, 32768) }),
	dpdk("dispatch", func(d *DPDK) value { return choiceValue(&d.Dispatch, DispatchToeplitz, DispatchModulo) }),
	dpdk("poll_mode", func(d *DPDK) value { return choiceValue(&d.PollMode, PollAdaptive, PollBusy) }),
	dpdk("idle_sleep", func(d *DPDK) value { return intValue(&d.IdleSleep, 0, 10000) }),

	dpdk("control_socket", func(d *DPDK) value { return socketValue(&d.ControlSocket) }),
	dpdk("socket_group", func(d *DPDK) value {
		return textValue(&d.SocketGroup, groupText, "the name of a group or its number")
	}),
	dpdk("socket_mode", func(d *DPDK) value { return modeValue(&d.SocketMode) }),
	dpdk("reattach_grace", func(d *DPDK) value { return intValue(&d.ReattachGrace, 0, 600000) }),
	dpdk("stall_time", func(d *DPDK) value { return intValue(&d.StallTime, 100, 600000) }),
	dpdk("stall_kill", func(d *DPDK) value { return flagValue(&d.StallKill) }),

	later("nb_bond", func() value { return onlyZero(noBonding) }, "0"),
	later("tso", anyFlag, "0"),
	later("tx_csum_offoad_skip", anyFlag, "0"),
	later("vlan_filter", list(1, 4094)),
	later("pkt_tx_delay", number(0, 1<<31-1), "0", "100"),
	later("fstack_log_level", number(0, 8), "0"),
	later("fstack_log_file_prefix", text, "./f-stack-"),
}

// An addrKey is a key that [portN] and [vlanN] share.
type addrKey struct {
	name string
	of   func(*Port) value
}

var addrKeys = []addrKey{
	{"addr", func(p *Port) value { return addr4Value(&p.Addr) }},
	{"netmask", func(p *Port) value { return netmaskValue(&p.MaskBits) }},
	{"broadcast", func(p *Port) value { return broadcastValue(&p.Broadcast) }},
	{"gateway", func(p *Port) value { return addr4Value(&p.Gateway) }},
	{"addr6", func(p *Port) value { return addr6Value(&p.Addr6) }},
	{"prefix_len", func(p *Port) value { return intValue(&p.PrefixLen, 1, 128) }},
	{"gateway6", func(p *Port) value { return addr6Value(&p.Gateway6) }},
	{"vip_addr", func(p *Port) value { return addrs4Value(&p.VIPs) }},
	{"vip_addr6", func(p *Port) value { return addrs6Value(&p.VIPs6) }},
	{"vip_prefix_len", func(p *Port) value { return intValue(&p.VIPsPrefix, 1, 128) }},
}

var portKeys = append([]key{
	port("if_name", func(p *Port) value {
		return textValue(&p.IfName, ifNameText, "an interface name of up to 15 letters, digits, _ . and -")
	}),
	port("mtu", func(p *Port) value { return intValue(&p.MTU, 576, 9000) }),
	later("vip_ifname", text),
	later("ipfw_pr", text),
	later("lcore_list", list(0, MaxLcores-1)),
	later("slave_port_list", list(0, MaxPorts-1)),
}, perPort()...)

var vlanKeys = append([]key{
	later("portid", number(0, MaxPorts-1)),
	later("ipfw_pr", text),
}, perVlan()...)

var vdevKeys = []key{
	vdev("args", func(v *Vdev) value {
		return textValue(&v.Args, vdevText, "a DPDK device such as net_af_packet0,iface=eth1")
	}),
	vdev("path", func(v *Vdev) value { return textValue(&v.Path, pathText, "the path of a vhost-user socket") }),
	vdev("queues", func(v *Vdev) value { return intValue(&v.Queues, 1, 128) }),
	vdev("queue_size", func(v *Vdev) value { return powerValue(&v.QueueSize, 2, 32768) }),
	vdev("mac", func(v *Vdev) value { return textValue(&v.MAC, macText, "a MAC address such as 00:00:00:00:00:01") }),
	vdev("cq", func(v *Vdev) value { return intValue(&v.CQ, 0, 1) }),
	later("iface", text),
}

var procKeys = []key{
	proc("command", func(p *Proc) value { return commandValue(&p.Command) }),
	proc("count", func(p *Proc) value { return intValue(&p.Count, 1, MaxProcs) }),
	proc("user", func(p *Proc) value { return textValue(&p.User, groupText, "the name of a user or its number") }),
	proc("group", func(p *Proc) value {
		return textValue(&p.Group, prefixText, "a name of up to 64 letters, digits, _ . and -, starting with none of . and -")
	}),
	proc("proc_id", func(p *Proc) value { return intValue(&p.ProcID, 0, MaxProcs-1) }),
	proc("lcores", func(p *Proc) value { return intsValue(&p.Lcores, 0, MaxLcores-1) }),
	proc("env", func(p *Proc) value { return envValue(&p.Env) }),
	proc("stop_timeout", func(p *Proc) value { return intValue(&p.StopTimeout, 1, 3600) }),
}
