package config

import (
	"fmt"
	"net/netip"
	"slices"
)

// minMTU6 is the smallest MTU that IPv6 may run over (RFC 8200, section 5).
const minMTU6 = 1280

func validatePorts(c *Config, r *report) {
	portList := r.at("dpdk", "port_list")
	portList.value = showInts(c.DPDK.PortList)
	for _, id := range c.DPDK.PortList {
		section := fmt.Sprintf("port%d", id)
		switch n := c.devices(); {
		case r.strayed:
		case !r.has(section, ""):
			r.clash(portList, fmt.Sprintf("there is no [%s] section", section))
		case n > 0 && id >= n:
			r.clash(portList, fmt.Sprintf("there is no port %d: the [vdevN] sections give %d, counted from 0", id, n))
		}
	}
	owners := make(map[netip.Addr]spot)
	for i := range c.Ports {
		p := &c.Ports[i]
		section := fmt.Sprintf("port%d", p.ID)
		if !slices.Contains(c.DPDK.PortList, p.ID) {
			r.warn(r.at(section, ""), "not in port_list, ignored")
			continue
		}
		v := portCheck{p, section, r}
		v.needs("netmask", "addr")
		v.needs("broadcast", "addr")
		v.needs("gateway", "addr")
		v.needs("addr", "netmask")
		v.needs("gateway6", "addr6")
		v.ipv4()
		v.ipv6()
		v.unique(owners)
	}
}

// devices returns how many ports the devices give, or 0 where that is not known.
func (c *Config) devices() int {
	if len(c.DPDK.Allow) > 0 || len(c.DPDK.ExtraEALArgs) > 0 {
		return 0
	}
	return len(c.Vdevs)
}

// portCheck checks one [portN] section.
type portCheck struct {
	*Port
	section string
	r       *report
}

func (v portCheck) clash(key, problem string, others ...string) {
	v.r.clash(v.r.at(v.section, key), problem, others...)
}

func (v portCheck) warn(key, text string) {
	v.r.warn(v.r.at(v.section, key), text)
}

func (v portCheck) needs(key, other string) {
	if v.r.has(v.section, key) && !v.r.has(v.section, other) {
		v.clash(key, "needs "+other)
	}
}

func (v portCheck) ipv4() {
	if !v.Addr.IsValid() || v.MaskBits == 0 {
		if !v.Addr.IsValid() && !v.Addr6.IsValid() {
			v.warn("", "neither addr nor addr6: this port has no address")
		}
		return
	}
	prefix := v.Prefix()
	last := broadcast(prefix)
	if prefix.Bits() < 31 {
		switch v.Addr {
		case prefix.Masked().Addr():
			v.clash("addr", fmt.Sprintf("is the network's own address in %s", prefix.Masked()), "netmask")
		case last:
			v.clash("addr", fmt.Sprintf("is the broadcast address of %s", prefix.Masked()), "netmask")
		}
	}
	if v.Broadcast.IsValid() && v.Broadcast != last && v.Broadcast != limitedBroadcast {
		v.warn("broadcast", fmt.Sprintf("not the broadcast address of %s, which is %s", prefix.Masked(), last))
	}
	v.gateway("gateway", v.Gateway, prefix)
}

var limitedBroadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

func (v portCheck) ipv6() {
	if !v.Addr6.IsValid() {
		return
	}
	if v.MTU < minMTU6 {
		v.clash("mtu", fmt.Sprintf("IPv6 (addr6) needs at least %d", minMTU6), "addr6")
	}
	if !v.Gateway6.IsLinkLocalUnicast() {
		v.gateway("gateway6", v.Gateway6, v.Prefix6())
	}
}

func (v portCheck) gateway(key string, gateway netip.Addr, prefix netip.Prefix) {
	switch {
	case !gateway.IsValid():
	case gateway == prefix.Addr():
		v.clash(key, "is this port's own address")
	case !prefix.Contains(gateway):
		v.warn(key, fmt.Sprintf("not in the port's network %s", prefix.Masked()))
	}
}

// unique reports an address that an earlier key has, too.
func (v portCheck) unique(owners map[netip.Addr]spot) {
	for _, own := range []struct {
		key   string
		addrs []netip.Addr
	}{
		{"addr", []netip.Addr{v.Addr}}, {"vip_addr", v.VIPs},
		{"addr6", []netip.Addr{v.Addr6}}, {"vip_addr6", v.VIPs6},
	} {
		for _, addr := range own.addrs {
			if first, ok := owners[addr]; ok {
				v.clash(own.key, fmt.Sprintf("%s is also [%s] %s", addr, first.section, first.key))
			} else if addr.IsValid() {
				owners[addr] = spot{v.section, own.key}
			}
		}
	}
}
