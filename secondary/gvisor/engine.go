package gvisor

import (
	"fmt"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"ringstack/secondary/engine"
)

// retryInterval is how soon Poll tries again after a Device had no buffer.
const retryInterval = time.Millisecond

// netstack is an engine.Engine.
type netstack struct {
	stack    *stack.Stack
	links    []*link
	wildcard tcpip.NetworkProtocolNumber // of a socket bound to all addresses
	sysctls  map[string]sysctl
	noPort   uint64 // frames of ports that the engine does not have

	mu     sync.RWMutex // held for writing by Close, for reading while a socket is made
	closed error        // why it is; nil: it is not
}

// New returns an engine that has the given ports. IPv6 is on when one of them has an IPv6
// address; each port then has a link-local address made from its MAC (RFC 4291 appendix A) too.
func New(ports []engine.Port) (engine.Engine, error) {
	n := &netstack{wildcard: ipv4.ProtocolNumber}
	networks := []stack.NetworkProtocolFactory{arp.NewProtocol, ipv4.NewProtocol}
	if hasIPv6(ports) {
		n.wildcard = ipv6.ProtocolNumber
		networks = append(networks, ipv6.NewProtocolWithOptions(ipv6.Options{AutoGenLinkLocal: true}))
	}
	n.stack = stack.New(stack.Options{
		NetworkProtocols:   networks,
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocolCUBIC, udp.NewProtocol},
		HandleLocal:        true,
	})
	n.sysctls = n.newSysctls()
	for _, port := range ports {
		if err := n.addPort(port); err != nil {
			n.Close(err)
			return nil, fmt.Errorf("add port %s: %w", port.Name, err)
		}
	}
	return n, nil
}

func hasIPv6(ports []engine.Port) bool {
	for _, port := range ports {
		for _, addr := range port.Addrs {
			if !addr.Addr().Unmap().Is4() {
				return true
			}
		}
	}
	return false
}

func (n *netstack) addPort(port engine.Port) error {
	l := &link{id: port.ID, device: port.Device}
	l.port.Store(&port)
	n.links = append(n.links, l)
	id := tcpip.NICID(len(n.links))
	if err := n.stack.CreateNICWithOptions(id, l, stack.NICOptions{Name: port.Name}); err != nil {
		return fmt.Errorf("create interface: %w", translate(err))
	}
	for _, addr := range port.Addrs {
		if err := n.stack.AddProtocolAddress(id, protocolAddress(addr), stack.AddressProperties{}); err != nil {
			return fmt.Errorf("add address %s: %w", addr, translate(err))
		}
		n.stack.AddRoute(tcpip.Route{Destination: protocolAddress(addr).AddressWithPrefix.Subnet(), NIC: id})
	}
	for _, gate := range port.Gates {
		n.stack.AddRoute(tcpip.Route{Destination: everywhere(gate), Gateway: address(gate), NIC: id})
	}
	return nil
}

// Input implements engine.Engine.
func (n *netstack) Input(port int, frame []byte) {
	for _, l := range n.links {
		if l.id == port {
			l.input(frame)
			return
		}
	}
	n.noPort++
}

// Dropped implements engine.Engine.
func (n *netstack) Dropped() uint64 { return n.sum((*link).outputDrops)() }

// Poll implements engine.Engine.
func (n *netstack) Poll(now time.Time) time.Time {
	var next time.Time
	for _, l := range n.links {
		if !l.flush() {
			next = now.Add(retryInterval)
		}
	}
	return next
}

// Close implements engine.Engine. It uses no Device but for Wake, so what the closing
// connections send, RST segments among it, is dropped.
func (n *netstack) Close(why error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed != nil {
		return
	}
	n.closed = engine.Closed(why)
	n.stack.Destroy()
}

// enter keeps Close out until leave, so that it meets no half-made socket.
func (n *netstack) enter() error {
	n.mu.RLock()
	if err := n.closed; err != nil {
		n.mu.RUnlock()
		return err
	}
	return nil
}

func (n *netstack) leave() { n.mu.RUnlock() }
