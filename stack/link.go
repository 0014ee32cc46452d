package stack

import "ringstack/stack/wire"

// SetLink changes the MAC and the MTU of a port, as when another device takes the place of the one that New was given. The MTU is at most the
// largest that New was given for any port. A link-local address made from the MAC changes with it. Others on the link
// learn the new MAC by Announce.
func (e *Engine) SetLink(port int, mac wire.MAC, mtu int) {
	if port < 0 || port >= len(e.ports) || mac.IsGroup() || mac == (wire.MAC{}) || mtu < leastMTU {
		return
	}
	p := &e.ports[port]
	p.config.MTU = min(mtu, e.config.Neighbour.FrameSize-p.etherLen)
	p.mtu6 = p.config.MTU
	if mac != p.config.MAC {
		e.changeMAC(p, mac)
	}
	e.flushHops()
}

func (e *Engine) changeMAC(p *port, mac wire.MAC) {
	before := linkLocal(&p.config.MAC)
	p.config.MAC = mac
	if e.addresses.find(&before) != nil && (p.config.LinkLocal || p.config.Autoconf) {
		e.RemoveAddress(before.Netip())
		e.addAddress(address{addr: linkLocal(&mac), bits: 64, port: p.id}) // the place of the one before is free
	}
}
