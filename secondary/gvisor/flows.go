package gvisor

import (
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"ringstack/secondary/engine"
)

// Flows implements engine.Engine. It names connections from SYN-SENT and SYN-RECEIVED, accepted or
// not, to TIME-WAIT. A handshake answered with a SYN cookie has no state and is not among them.
func (n *netstack) Flows(yield func(engine.Flow)) {
	for _, registered := range n.stack.RegisteredEndpoints() {
		ep, ok := registered.(*tcp.Endpoint)
		if !ok {
			continue
		}
		id := flowID(ep)
		if id.RemotePort == 0 { // a listener
			continue
		}
		yield(engine.Flow{
			Local: addrPort(id.LocalAddress, id.LocalPort).Addr().As16(), LocalPort: id.LocalPort,
			Remote: addrPort(id.RemoteAddress, id.RemotePort).Addr().As16(), RemotePort: id.RemotePort,
			State: flowState(ep),
		})
	}
}

// flowState cannot tell what Accept has given out from what it has not.
func flowState(ep *tcp.Endpoint) engine.FlowState {
	switch ep.EndpointState() {
	case tcp.StateSynRecv:
		return engine.FlowHalfOpen
	case tcp.StateTimeWait:
		return engine.FlowWaiting
	}
	return engine.FlowOpen
}
