// Package wire reads and writes the headers of Ethernet, ARP, IPv4, IPv6, ICMP, NDP, UDP and TCP.
//
//	frame -> ParseEthernet -> ParseIPv4, ParseIPv6 -> ParseUDP, ParseTCP, ParseICMP...
//	PutTCP, PutUDP, ... -> PutIPv4, PutIPv6 -> PutEthernet -> frame
//
// A Parse function takes a slice that starts with its header, looks at no byte beyond the slice,
// and reports whether the header is whole and consistent. It checks form, not sense: whether an
// address may be a source, or a checksum is right, is for the caller to ask. A Put function
// writes its header to the start of a slice that has room for it; too short a slice is a mistake
// of the caller and panics. All of them work on small values, keep no reference to their slices
// and allocate nothing.
package wire
