package dispatch

// Reason says why a frame is not delivered. The zero value means that nothing
// is wrong with it. Values index counter arrays of NumReasons entries; they
// are not stable between versions, the names of String are.
type Reason uint8

const (
	ReasonNone Reason = iota

	ReasonRunt             // shorter than an Ethernet header
	ReasonBadSourceMAC     // group bit set in the source MAC (IEEE 802.3, 3.2.5)
	ReasonLengthFrame      // 802.3 length in place of an EtherType
	ReasonTruncatedVLAN    // ends inside the 802.1Q tag
	ReasonUnknownEtherType // neither ARP, IPv4 nor IPv6; a second tag too

	ReasonTruncatedARP // ends inside the ARP message
	ReasonBadARP       // not a request or reply for IPv4 over Ethernet (RFC 826)

	ReasonBadIPVersion       // version field contradicts the EtherType
	ReasonTruncatedIPv4      // ends inside the IPv4 header
	ReasonBadIPv4Header      // header length under 20 bytes
	ReasonBadIPv4Length      // total length under the header's or past the frame
	ReasonBadIPv4Checksum    // header checksum wrong
	ReasonBadIPv4Source      // a source that no host may use (RFC 1122, 3.2.1.3)
	ReasonBadIPv4Destination // a destination that may not be on a wire

	ReasonTruncatedIPv6      // ends inside the IPv6 header or an extension header
	ReasonBadIPv6Length      // payload length past the frame
	ReasonBadIPv6Source      // multicast, loopback, v4-mapped, or the destination
	ReasonBadIPv6Destination // loopback, unspecified or v4-mapped
	ReasonBadIPv6Extension   // extension header misplaced, repeated or malformed
	ReasonTooManyExtensions  // more than 8 extension headers
	ReasonJumbogram          // RFC 2675
	ReasonNoNextHeader       // nothing above IPv6 (RFC 8200, 4.7)

	ReasonTruncatedTCP  // ends inside the TCP header
	ReasonBadTCPOffset  // data offset under 20 bytes
	ReasonTruncatedUDP  // ends inside the UDP header
	ReasonBadUDPLength  // length under 8 or past the packet
	ReasonTruncatedICMP // ends inside the 8-byte ICMP or ICMPv6 header
	ReasonTruncatedIGMP // ends inside the 8-byte IGMP header
	ReasonBadQuote      // ICMP error that does not quote a packet of ours

	ReasonBadFragment       // length not of 8-byte units, empty, or past 65535
	ReasonTinyFragment      // first fragment without the whole header chain (RFC 1858, 7112)
	ReasonFragmentedControl // fragmented NDP, MLD or IGMP (RFC 6980)
	ReasonFragTimeout       // held, and the first fragment did not come in time
	ReasonFragEvicted       // held, and newer ones needed the room
	ReasonFragTooMany       // no room to hold more of its datagram
	ReasonFragLost          // the first fragment was dropped, or the proc that got it is gone

	ReasonNotForUs    // unicast to another station
	ReasonNoSecondary // no proc is live
	ReasonPinsFull    // new flow in a moving bucket, exception table full
	ReasonDraining    // new flow to a port whose only listener drains: its peer tries again
	ReasonHeldOff     // its proc, or maybe its proc, has yet to come back to a primary that started anew

	numReasons
)

// NumReasons is the number of reasons, ReasonNone included.
const NumReasons = int(numReasons)

var reasonNames = [NumReasons]string{
	ReasonNone:               "none",
	ReasonRunt:               "runt",
	ReasonBadSourceMAC:       "bad_source_mac",
	ReasonLengthFrame:        "length_frame",
	ReasonTruncatedVLAN:      "truncated_vlan",
	ReasonUnknownEtherType:   "unknown_ethertype",
	ReasonTruncatedARP:       "truncated_arp",
	ReasonBadARP:             "bad_arp",
	ReasonBadIPVersion:       "bad_ip_version",
	ReasonTruncatedIPv4:      "truncated_ipv4",
	ReasonBadIPv4Header:      "bad_ipv4_header",
	ReasonBadIPv4Length:      "bad_ipv4_length",
	ReasonBadIPv4Checksum:    "bad_ipv4_checksum",
	ReasonBadIPv4Source:      "bad_ipv4_source",
	ReasonBadIPv4Destination: "bad_ipv4_destination",
	ReasonTruncatedIPv6:      "truncated_ipv6",
	ReasonBadIPv6Length:      "bad_ipv6_length",
	ReasonBadIPv6Source:      "bad_ipv6_source",
	ReasonBadIPv6Destination: "bad_ipv6_destination",
	ReasonBadIPv6Extension:   "bad_ipv6_extension",
	ReasonTooManyExtensions:  "too_many_extensions",
	ReasonJumbogram:          "jumbogram",
	ReasonNoNextHeader:       "no_next_header",
	ReasonTruncatedTCP:       "truncated_tcp",
	ReasonBadTCPOffset:       "bad_tcp_offset",
	ReasonTruncatedUDP:       "truncated_udp",
	ReasonBadUDPLength:       "bad_udp_length",
	ReasonTruncatedICMP:      "truncated_icmp",
	ReasonTruncatedIGMP:      "truncated_igmp",
	ReasonBadQuote:           "bad_quote",
	ReasonBadFragment:        "bad_fragment",
	ReasonTinyFragment:       "tiny_fragment",
	ReasonFragmentedControl:  "fragmented_control",
	ReasonFragTimeout:        "frag_timeout",
	ReasonFragEvicted:        "frag_evicted",
	ReasonFragTooMany:        "frag_too_many",
	ReasonFragLost:           "frag_lost",
	ReasonNotForUs:           "not_for_us",
	ReasonNoSecondary:        "no_secondary",
	ReasonPinsFull:           "pins_full",
	ReasonDraining:           "draining",
	ReasonHeldOff:            "held_off",
}

// String returns the reason's name in snake_case, as counters show it.
func (r Reason) String() string {
	if int(r) >= NumReasons {
		return "unknown_reason"
	}
	return reasonNames[r]
}
