package gvisor

import "strconv"

// counters are the read-only sysctls: FreeBSD's names where it counts the same thing.
func (n *netstack) counters() map[string]sysctl {
	stats := n.stack.Stats()
	ip, icmp, tcp, udp := stats.IP, stats.ICMP, stats.TCP, stats.UDP
	values := map[string]func() uint64{
		// Ethernet: frames dropped on receipt by reason, and for a full output queue.
		"net.link.ether.stats.noport":    func() uint64 { return n.noPort },
		"net.link.ether.stats.runt":      n.sum(func(l *link) uint64 { return l.runts }),
		"net.link.ether.stats.otherhost": n.sum(func(l *link) uint64 { return l.otherHost }),
		"net.link.ether.stats.oqdrops":   n.Dropped,

		// IPv4 and IPv6 together. malformed includes wrong header checksums.
		"net.inet.ip.stats.total":     ip.PacketsReceived.Value,
		"net.inet.ip.stats.delivered": ip.PacketsDelivered.Value,
		"net.inet.ip.stats.localout":  ip.PacketsSent.Value,
		"net.inet.ip.stats.malformed": ip.MalformedPacketsReceived.Value,
		"net.inet.ip.stats.baddest":   ip.InvalidDestinationAddressesReceived.Value,
		"net.inet.ip.stats.badsource": ip.InvalidSourceAddressesReceived.Value,

		// ICMP and ICMPv6 together: too short or with a wrong checksum.
		"net.inet.icmp.stats.malformed": func() uint64 {
			return icmp.V4.PacketsReceived.Invalid.Value() + icmp.V6.PacketsReceived.Invalid.Value()
		},

		"net.inet.tcp.stats.connattempt":   tcp.ActiveConnectionOpenings.Value,
		"net.inet.tcp.stats.accepts":       tcp.PassiveConnectionOpenings.Value,
		"net.inet.tcp.stats.drops":         func() uint64 { return tcp.EstablishedResets.Value() + tcp.EstablishedTimedout.Value() },
		"net.inet.tcp.stats.conndrops":     tcp.FailedConnectionAttempts.Value,
		"net.inet.tcp.stats.listendrop":    tcp.ListenOverflowSynDrop.Value,
		"net.inet.tcp.stats.rcvtotal":      tcp.ValidSegmentsReceived.Value,
		"net.inet.tcp.stats.rcvbadsum":     tcp.ChecksumErrors.Value,
		"net.inet.tcp.stats.rcvbadoff":     tcp.InvalidSegmentsReceived.Value,
		"net.inet.tcp.stats.sndtotal":      tcp.SegmentsSent.Value,
		"net.inet.tcp.stats.sndrexmitpack": tcp.Retransmits.Value,

		"net.inet.udp.stats.ipackets": udp.PacketsReceived.Value,
		"net.inet.udp.stats.opackets": udp.PacketsSent.Value,
		"net.inet.udp.stats.badsum":   udp.ChecksumErrors.Value,
		"net.inet.udp.stats.badlen":   udp.MalformedPacketsReceived.Value,
		"net.inet.udp.stats.noport":   udp.UnknownPortErrors.Value,
		"net.inet.udp.stats.fullsock": udp.ReceiveBufferErrors.Value,
	}
	table := make(map[string]sysctl, len(values))
	for name, value := range values {
		table[name] = sysctl{get: func() (string, error) { return strconv.FormatUint(value(), 10), nil }}
	}
	return table
}

// sum adds up a counter of all links.
func (n *netstack) sum(counter func(*link) uint64) func() uint64 {
	return func() uint64 {
		total := uint64(0)
		for _, l := range n.links {
			total += counter(l)
		}
		return total
	}
}
