package stack

import (
	"time"

	"ringstack/stack/wire"
)

// port is a network interface at work.
type port struct {
	config   Port
	id       uint8
	etherLen int   // bytes of an Ethernet header
	mtu6     int   // what routers advertise for IPv6, at most the MTU (RFC 4861 section 6.3.4)
	hopLimit uint8 // what routers advertise; 0: nothing

	solicits  int           // router solicitations sent
	solicitAt time.Duration // the next one; never: none
	defended  time.Duration // last gratuitous ARP against a conflict
}

// never is a time that does not come.
const never = time.Duration(1<<63 - 1)

func newPort(id int, config Port) port {
	if config.MTU == 0 {
		config.MTU = defaultMTU
	}
	return port{
		config: config, id: uint8(id), etherLen: wire.EthernetHeaderLen(config.VLAN), mtu6: config.MTU,
		solicitAt: never, defended: -defendInterval,
	}
}

func (p *port) mtu(is4 bool) int {
	if is4 {
		return p.config.MTU
	}
	return p.mtu6
}

// linkLocal is the address made from a MAC (RFC 4291 appendix A).
func linkLocal(mac *wire.MAC) wire.Addr {
	a := wire.Addr{0: 0xfe, 1: 0x80}
	putInterfaceID(&a, mac)
	return a
}

// putInterfaceID sets the low 64 bits to the modified EUI-64 of a MAC.
func putInterfaceID(a *wire.Addr, mac *wire.MAC) {
	copy(a[8:], []byte{mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]})
}
