package secondary

import "ringstack/secondary/engine"

// enginePorts describes the primary's ports to the engine, with the devices that are theirs for good.
func (s *Secondary) enginePorts() []engine.Port {
	ports := make([]engine.Port, len(s.attach.Ports))
	for i, p := range s.attach.Ports {
		ports[i] = engine.Port{
			ID: p.ID, Name: p.Name, MAC: p.MAC, MTU: p.MTU, Addrs: p.Addrs, Gates: p.Gates,
			Device: s.devices[i],
		}
	}
	return ports
}
