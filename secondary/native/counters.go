package native

import (
	"strconv"
	"strings"

	"ringstack/stack"
	"ringstack/stack/tcp"
)

// counterHomes are where sysctl shows the stack's groups of counters.
var counterHomes = map[string]string{
	"ether": "net.link.ether.stats", "arp": "net.link.ether.arp.stats", "loop": "net.link.loop.stats",
	"ip": "net.inet.ip.stats", "ip6": "net.inet6.ip6.stats", "icmp": "net.inet.icmp.stats",
	"ndp": "net.inet6.icmp6.nd.stats", "group": "net.inet.igmp.stats", "udp": "net.inet.udp.stats",
}

// freebsdNames are counters that FreeBSD has under another name than the stack, or that it has one for where the stack has several.
var freebsdNames = map[string][]stack.Counter{
	"net.inet.ip.stats.total":       {stack.IPIn},
	"net.inet.ip.stats.localout":    {stack.IPOut},
	"net.inet.ip.stats.malformed":   {stack.IPBadHeader, stack.IPBadSum},
	"net.inet.ip.stats.baddest":     {stack.IPBadDestination, stack.IPNotOurs},
	"net.inet.icmp.stats.malformed": {stack.ICMPBad, stack.ICMPBadSum},
	"net.inet.udp.stats.ipackets":   {stack.UDPIn},
	"net.inet.udp.stats.opackets":   {stack.UDPOut},
	"net.inet.udp.stats.badlen":     {stack.UDPBadLength},
	"net.inet.udp.stats.noport":     {stack.UDPNoPort, stack.UDPNoPortGroup},
}

// counters are the read-only sysctls: FreeBSD's names where it counts the same thing, IPv4 and IPv6 together.
func (h *host) counters() map[string]sysctl {
	table := map[string]sysctl{
		"net.inet.ip.stats.delivered":  counter(h.delivered),
		"net.inet.udp.stats.fullsock":  counter(func() uint64 { return h.fullSock }),
		"net.link.ether.stats.oqdrops": counter(h.Dropped),
	}
	for c := range stack.Counter(len(stack.Stats{})) {
		group, name, _ := strings.Cut(c.String(), ".")
		table[counterHomes[group]+"."+name] = counter(func() uint64 { return h.stack.Stats()[c] })
	}
	for c := range tcp.Counter(len(tcp.Stats{})) {
		table["net.inet.tcp.stats."+c.String()] = counter(func() uint64 { return h.tcp.Stats()[c] })
	}
	for name, parts := range freebsdNames {
		table[name] = counter(func() (sum uint64) {
			stats := h.stack.Stats()
			for _, c := range parts {
				sum += stats[c]
			}
			return sum
		})
	}
	return table
}

// delivered is how many packets went on to a transport protocol.
func (h *host) delivered() uint64 {
	stats := h.stack.Stats()
	return stats[stack.UDPIn] + stats[stack.ICMPIn] + h.tcp.Stats()[tcp.RcvTotal]
}

func counter(value func() uint64) sysctl {
	return sysctl{get: func() string { return strconv.FormatUint(value(), 10) }}
}
