package wire

// Kinds of IPv4 options (RFC 791 section 3.1).
const (
	ipv4OptEnd         = 0
	ipv4OptNop         = 1
	ipv4OptLooseRoute  = 131
	ipv4OptStrictRoute = 137
	ipv4OptRouterAlert = 148 // RFC 2113 section 2.1
)

// OptionVerdict says what a host does with a packet for its options.
type OptionVerdict uint8

// What CheckIPv4Options finds.
const (
	OptionsFine        OptionVerdict = iota
	OptionsMalformed                 // a length that runs past the header or is below 2
	OptionsSourceRoute               // a source route, which hosts may refuse (RFC 7126 sections 4.3, 4.4)
)

// CheckIPv4Options looks at the options b, the bytes between the fixed header and the payload, and
// returns the first fault with its offset in b.
func CheckIPv4Options(b []byte) (v OptionVerdict, at int) {
	for at < len(b) && b[at] != ipv4OptEnd {
		switch {
		case b[at] == ipv4OptNop:
			at++
			continue
		case at+1 >= len(b):
			return OptionsMalformed, at
		case b[at+1] < 2 || at+int(b[at+1]) > len(b):
			return OptionsMalformed, at + 1
		case b[at] == ipv4OptLooseRoute || b[at] == ipv4OptStrictRoute:
			return OptionsSourceRoute, at
		}
		at += int(b[at+1])
	}
	return OptionsFine, 0
}
