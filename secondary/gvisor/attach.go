package gvisor

import (
	"fmt"
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"ringstack/secondary/engine"
)

// Detach implements engine.Engine. Netstack's timers run on: what they send meanwhile is dropped.
func (n *netstack) Detach() {
	for _, l := range n.links {
		l.setDetached(true)
	}
}

// Attach implements engine.Engine. Connections go on when netstack's timers have them send again.
func (n *netstack) Attach(ports []engine.Port) error {
	for i, l := range n.links {
		at := slices.IndexFunc(ports, func(p engine.Port) bool { return p.ID == l.id })
		if at < 0 {
			continue
		}
		if err := n.change(tcpip.NICID(i+1), l, ports[at]); err != nil {
			return fmt.Errorf("change port %s: %w", ports[at].Name, err)
		}
		l.setDetached(false)
	}
	n.stack.SetRouteTable(n.routes())
	return nil
}

// change makes a link what the port is now.
func (n *netstack) change(id tcpip.NICID, l *link, port engine.Port) error {
	was := l.port.Load()
	for _, addr := range was.Addrs {
		if !slices.Contains(port.Addrs, addr) {
			n.stack.RemoveAddress(id, address(addr.Addr())) // fails only if it is gone
		}
	}
	for _, addr := range port.Addrs {
		if slices.Contains(was.Addrs, addr) {
			continue
		}
		if err := n.stack.AddProtocolAddress(id, protocolAddress(addr), stack.AddressProperties{}); err != nil {
			return fmt.Errorf("add address %s: %w", addr, translate(err))
		}
	}
	l.port.Store(&port)
	if port.MAC != was.MAC {
		l.announce()
	}
	return nil
}

// routes returns the routes to the networks and by the gateways of all ports.
func (n *netstack) routes() (table []tcpip.Route) {
	for i, l := range n.links {
		port, id := l.port.Load(), tcpip.NICID(i+1)
		for _, addr := range port.Addrs {
			table = append(table, tcpip.Route{Destination: protocolAddress(addr).AddressWithPrefix.Subnet(), NIC: id})
		}
		for _, gate := range port.Gates {
			table = append(table, tcpip.Route{Destination: everywhere(gate), Gateway: address(gate), NIC: id})
		}
	}
	return table
}

// setDetached makes the link drop what is to be sent, or not any more.
func (l *link) setDetached(detached bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.detached = detached
	if !detached {
		return
	}
	for _, pkt := range append(l.sending[l.next:], l.queue...) {
		pkt.DecRef()
	}
	clear(l.sending)
	clear(l.queue)
	l.sending, l.next, l.queue = l.sending[:0], 0, l.queue[:0]
}
