package stack

import (
	"fmt"

	"ringstack/stack/neigh"
	"ringstack/stack/reasm"
	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// Device takes the frames of one port.
type Device interface {
	// Frame returns a buffer of n bytes for the next frame, or nil when no buffer is free or n exceeds what
	// the port sends. It stays the engine's until Send or the next Frame.
	Frame(n int) []byte
	// Send queues the buffer of the last Frame call.
	Send()
}

// Port is a network interface.
type Port struct {
	Name   string
	MAC    wire.MAC
	MTU    int    // bytes of IP packet; 0: 1500
	VLAN   uint16 // frames carry this 802.1Q tag; 0: none
	Device Device

	// What a port says unasked. All are off by default: several engines may share its addresses.
	LinkLocal bool // an IPv6 link-local address made from MAC (RFC 4291 appendix A)
	Announce  bool // gratuitous ARP and unsolicited advertisements for new addresses
	Detect    bool // duplicate address detection before an IPv6 address is used (RFC 4862 section 5.4)
	Autoconf  bool // router discovery and address autoconfiguration (RFC 4861 section 6.3, RFC 4862 section 5.5)
}

// Config sets limits and habits of an engine. Zero fields take the defaults that they name.
type Config struct {
	Seed  [32]byte // secret; random in production
	Ports []Port   // at most 255

	// Leader is asked whether this engine speaks for its addresses now: answers ARP and neighbour solicitations,
	// announces, detects duplicates, reports groups. An engine with a Leader hook shares its addresses with others and learns
	// neighbours from what they ask and are answered. nil: it does not share them and always speaks.
	Leader func() bool

	TTL       uint8        // of packets sent: 64
	Addresses int          // addresses of all ports: 1024
	Routes    int          // routes: 1024
	Groups    int          // multicast memberships: 256
	Sockets   int          // UDP sockets: 16384
	Hops      int          // next hops in use at a time: 4096, at most 4096
	PathMTUs  int          // destinations with a path MTU of their own: 4096
	PortFirst uint16       // local ports for sockets that name none: 49152
	PortLast  uint16       // 65535
	Errors    int          // ICMP errors per second, and in a burst: 100
	Loopback  int          // bytes of packets to own addresses under way: 256 KB
	Neighbour neigh.Config // Key and FrameSize are set by New
	Fragments reasm.Config // Key is set by New
	TCP       tcp.Config   // Seed is set by New
}

func (c *Config) defaults() {
	if c.TTL == 0 {
		c.TTL = 64
	}
	if c.PortFirst == 0 {
		c.PortFirst = 49152 // RFC 6335 section 6
	}
	if c.PortLast == 0 {
		c.PortLast = 65535
	}
	for _, f := range []struct {
		v  *int
		to int
	}{
		{&c.Addresses, 1024}, {&c.Routes, 1024}, {&c.Groups, 256}, {&c.Sockets, 16384},
		{&c.Hops, maxHops}, {&c.PathMTUs, 4096}, {&c.Errors, 100}, {&c.Loopback, 256 << 10},
	} {
		if *f.v == 0 {
			*f.v = f.to
		}
	}
}

func (c *Config) validate() error {
	for _, f := range []struct {
		name        string
		value, most int
	}{
		{"Addresses", c.Addresses, 1 << 15}, {"Routes", c.Routes, 1 << 16}, {"Groups", c.Groups, 1 << 16}, {"Sockets", c.Sockets, 1 << 24},
		{"Hops", c.Hops, maxHops}, {"PathMTUs", c.PathMTUs, 1 << 20}, {"Errors", c.Errors, 1 << 20}, {"Loopback", c.Loopback, 1 << 30},
		{"PortFirst", int(c.PortFirst), int(c.PortLast)}, {"the number of Ports", len(c.Ports), maxPorts},
	} {
		if f.value < 1 || f.value > f.most {
			return fmt.Errorf("validate config: %s is %d, allowed are 1 to %d", f.name, f.value, f.most)
		}
	}
	for i := range c.Ports {
		if err := c.Ports[i].validate(); err != nil {
			return fmt.Errorf("validate port %d %q: %w", i, c.Ports[i].Name, err)
		}
	}
	return nil
}

const (
	maxPorts   = 255
	defaultMTU = 1500
	leastMTU   = 576 // RFC 791: what every host takes
)

func (p *Port) validate() error {
	switch {
	case p.Device == nil:
		return fmt.Errorf("no Device")
	case p.MAC.IsGroup() || p.MAC == wire.MAC{}:
		return fmt.Errorf("MAC is %s, must be a station's", p.MAC)
	case p.VLAN > 4094:
		return fmt.Errorf("VLAN is %d, allowed are 0 to 4094", p.VLAN)
	case p.MTU != 0 && (p.MTU < leastMTU || p.MTU > 65535):
		return fmt.Errorf("MTU is %d, allowed are %d to 65535", p.MTU, leastMTU)
	}
	return nil
}
