package stack

// Stats are counters since the start, one for each Counter.
type Stats [numCounters]uint64

// Counter is an index into Stats. Every packet that goes no further is counted under one of them.
type Counter uint8

// The counters.
const (
	EtherIn Counter = iota
	EtherOut
	EtherRunt
	EtherOtherHost
	EtherVLAN
	EtherType
	EtherNoPort
	EtherBadSource
	NoBuffer // given up for want of a buffer; what its sender keeps and tries again does not count
	ARPIn
	ARPBad
	ARPConflict
	ARPReplies
	IPIn
	IPOut
	IPBadHeader
	IPBadSum
	IPBadOptions
	IPSourceRoute
	IPBadSource
	IPBadDestination
	IPNotOurs
	IPNoProto
	IPFragmentsIn
	IPFragmentDrops
	IPFragmentsOut
	IPFragmentedOut
	IPReassembled
	IPNoRoute
	IPTooBig
	IP6BadExtension
	IP6UnknownOption
	IP6NoNext
	LoopFull
	ICMPIn
	ICMPBadSum
	ICMPBad
	ICMPEchoes
	ICMPGroupEcho
	ICMPReplies
	ICMPErrorsIn
	ICMPErrorUnmatched
	ICMPErrorsOut
	ICMPErrorLimited
	ICMPRedirects
	ICMPRedirectBad
	ICMPUnknown
	NDPBad
	NDPConflict
	NDPAdverts
	NDPRouterBad
	NDPDuplicate
	GroupReports
	GroupQueryBad
	UDPIn
	UDPOut
	UDPBadLength
	UDPBadSum
	UDPNoSum
	UDPNoPort
	UDPNoPortGroup
	numCounters
)

var counterNames = [numCounters]string{
	"ether.in", "ether.out", "ether.runt", "ether.otherhost", "ether.vlan", "ether.type", "ether.noport", "ether.badsource", "ether.nobuffer",
	"arp.in", "arp.bad", "arp.conflict", "arp.replies",
	"ip.in", "ip.out", "ip.badheader", "ip.badsum", "ip.badoptions", "ip.sourceroute", "ip.badsource", "ip.baddestination", "ip.notours", "ip.noproto",
	"ip.fragments", "ip.fragdropped", "ip.ofragments", "ip.fragmented", "ip.reassembled", "ip.noroute", "ip.toobig",
	"ip6.badextension", "ip6.unknownoption", "ip6.nonext", "loop.full",
	"icmp.in", "icmp.badsum", "icmp.bad", "icmp.echoes", "icmp.groupecho", "icmp.replies", "icmp.errors", "icmp.unmatched",
	"icmp.errorsout", "icmp.limited", "icmp.redirects", "icmp.badredirect", "icmp.unknown",
	"ndp.bad", "ndp.conflict", "ndp.adverts", "ndp.badrouter", "ndp.duplicate", "group.reports", "group.badquery",
	"udp.in", "udp.out", "udp.badlength", "udp.badsum", "udp.nosum", "udp.noport", "udp.noportgroup",
}

// String returns the counter's name.
func (c Counter) String() string { return counterNames[c] }

// Sub returns the difference of two snapshots.
func (s Stats) Sub(old Stats) Stats {
	for i := range s {
		s[i] -= old[i]
	}
	return s
}
