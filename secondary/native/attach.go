package native

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"ringstack/secondary/engine"
	"ringstack/stack"
)

// Detach implements engine.Engine.
func (h *host) Detach() { h.detached = true }

// pollDetached is Poll without Devices: application and stack exchange what they have, and the stack does not learn that time passes.
func (h *host) pollDetached() time.Time {
	h.wakeAll()
	h.tellReady()
	h.serve()
	h.runTimers()
	h.wakeAll()
	h.tellReady()
	h.polled = true
	if at, armed := h.timers.Next(); armed {
		return h.start.Add(at)
	}
	return time.Time{}
}

// Attach implements engine.Engine. A larger MTU than all had at New is not used.
func (h *host) Attach(ports []engine.Port) error {
	was, is := make([]engine.Port, len(h.ports)), make([]engine.Port, len(h.ports))
	for i, own := range h.ports {
		was[i], is[i] = own.config, own.config
		if at := slices.IndexFunc(ports, func(p engine.Port) bool { return p.ID == own.id }); at >= 0 {
			is[i] = h.usable(ports[at])
		}
	}
	for i := range was { // all before anything is added: an address may have moved to another port
		h.removeOld(i, &was[i], &is[i])
	}
	for i := range is {
		if err := h.addNew(i, &was[i], &is[i]); err != nil {
			return fmt.Errorf("change port %s: %w", is[i].Name, err)
		}
		h.ports[i].config = is[i]
	}
	h.detached = false
	h.now = max(h.now, time.Since(h.start))
	h.tcp.Resume(h.now)
	return nil
}

// usable returns the part of a port that this engine can use: IPv6 is there from the beginning or not at all.
func (h *host) usable(p engine.Port) engine.Port {
	if !h.ipv6 {
		p.Addrs = slices.DeleteFunc(slices.Clone(p.Addrs), func(a netip.Prefix) bool { return !a.Addr().Unmap().Is4() })
		p.Gates = slices.DeleteFunc(slices.Clone(p.Gates), func(a netip.Addr) bool { return !a.Unmap().Is4() })
	}
	return p
}

// removeOld takes from port i the addresses from the first difference on, since their order tells the source of choice, and the gateways
// that it has no more.
func (h *host) removeOld(i int, was, is *engine.Port) {
	for _, addr := range was.Addrs[same(was.Addrs, is.Addrs):] {
		h.stack.RemoveAddress(addr.Addr()) // it is there
	}
	for _, gate := range was.Gates {
		if !slices.Contains(is.Gates, gate) {
			h.stack.RemoveRoute(defaultRoute(gate, i))
		}
	}
}

// addNew gives port i what it did not have.
func (h *host) addNew(i int, was, is *engine.Port) error {
	if is.MAC != was.MAC || is.MTU != was.MTU {
		h.stack.SetLink(i, is.MAC, is.MTU)
	}
	fresh := engine.Port{Addrs: is.Addrs[same(was.Addrs, is.Addrs):]}
	for _, gate := range is.Gates {
		if !slices.Contains(was.Gates, gate) {
			fresh.Gates = append(fresh.Gates, gate)
		}
	}
	if err := h.addAddresses(i, fresh); err != nil {
		return err
	}
	if is.MAC != was.MAC || len(fresh.Addrs) > 0 {
		h.stack.Announce(i)
	}
	return nil
}

// same returns how many addresses two lists have in common at their beginning.
func same(a, b []netip.Prefix) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// defaultRoute is the route to everywhere by a gateway.
func defaultRoute(gate netip.Addr, port int) stack.Route {
	dst := netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	if gate.Unmap().Is4() {
		dst = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return stack.Route{Dst: dst, Gateway: gate, Port: port}
}
