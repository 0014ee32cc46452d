package stack

import (
	"net/netip"
	"slices"
	"syscall"
	"time"

	"ringstack/stack/wire"
)

// gatewayRest is for how long a gateway that did not answer is passed over where there is another
// (RFC 1122 section 3.3.1.4).
const gatewayRest = 30 * time.Second

// route is a way to a network.
type route struct {
	prefix    prefix
	gateway   wire.Addr // zero: the network is on the link
	port      uint8
	connected bool // from an address
	auto      bool // from a router advertisement or a redirect: it expires
	redirect  bool // from a redirect: prefix is one address
	metric    int
	expires   time.Duration // of an auto route
	deadUntil time.Duration // its gateway did not answer
}

// Route is a way to a network, as an administrator sees it.
type Route struct {
	Dst     netip.Prefix
	Gateway netip.Addr // invalid: the network is on the link of Port
	Port    int
	Metric  int // of two routes to a network the one with the lower metric is taken; equal ones share the flows
}

// AddRoute adds a route. The longest prefix that holds a destination wins. EEXIST: it is there; EINVAL: no such port or a
// gateway of the other IP version; ENOBUFS: Config.Routes are in use.
func (e *Engine) AddRoute(r Route) syscall.Errno {
	if r.Port < 0 || r.Port >= len(e.ports) || !r.Dst.IsValid() || r.Gateway.IsValid() && r.Gateway.Unmap().Is4() != r.Dst.Addr().Is4() {
		return syscall.EINVAL
	}
	dst := newPrefix(r.Dst)
	err := e.addRoute(route{prefix: dst.masked(), gateway: wire.FromNetip(r.Gateway), port: uint8(r.Port), metric: r.Metric})
	if err == 0 {
		e.dropRedirects(anyRoute) // they were about other routes
	}
	return err
}

func anyRoute(*route) bool { return true }

func (e *Engine) addRoute(r route) syscall.Errno {
	at := len(e.routes)
	for i := range e.routes {
		o := &e.routes[i]
		if o.prefix == r.prefix && o.gateway == r.gateway && o.port == r.port {
			return syscall.EEXIST
		}
		if at == len(e.routes) && (o.prefix.bits < r.prefix.bits || o.prefix.bits == r.prefix.bits && o.metric > r.metric) {
			at = i
		}
	}
	if len(e.routes) >= e.config.Routes+e.config.Addresses {
		return syscall.ENOBUFS
	}
	e.routes = slices.Insert(e.routes, at, r)
	e.flushHops()
	return 0
}

// RemoveRoute removes a route. ENOENT: there is none like it.
func (e *Engine) RemoveRoute(r Route) syscall.Errno {
	dst, gateway, before := newPrefix(r.Dst), wire.FromNetip(r.Gateway), len(e.routes)
	dst = dst.masked()
	e.removeRoutes(func(o *route) bool {
		return !o.connected && o.prefix == dst && o.gateway == gateway && int(o.port) == r.Port
	})
	if len(e.routes) == before {
		return syscall.ENOENT
	}
	e.dropRedirects(anyRoute)
	return 0
}

func (e *Engine) removeRoutes(match func(*route) bool) {
	e.routes = slices.DeleteFunc(e.routes, func(r route) bool { return match(&r) })
	e.flushHops()
}

// Routes calls yield for every route, in order of preference, until it returns false.
func (e *Engine) Routes(yield func(Route) bool) {
	for i := range e.routes {
		r := &e.routes[i]
		out := Route{Port: int(r.port), Metric: r.metric}
		bits := r.prefix.bits
		if r.prefix.addr.Is4() {
			bits -= 96
		}
		out.Dst = netip.PrefixFrom(r.prefix.addr.Netip(), bits)
		if (r.gateway != wire.Addr{}) {
			out.Gateway = r.gateway.Netip()
		}
		if !yield(out) {
			return
		}
	}
}

// lookup returns the route to dst. Routes of equal length and metric share the flows by hash; port 0 or above binds to a port.
func (e *Engine) lookup(dst *wire.Addr, port int, hash uint64) *route {
	first, n := -1, 0
	for i := range e.routes {
		r := &e.routes[i]
		if first >= 0 && (r.prefix.bits != e.routes[first].prefix.bits || r.metric != e.routes[first].metric) && n > 0 {
			break
		}
		if !r.prefix.contains(dst) || port >= 0 && int(r.port) != port {
			continue
		}
		if first < 0 {
			first = i
		}
		if e.now >= r.deadUntil {
			e.choices[n] = uint16(i)
			if n++; n == len(e.choices) {
				break
			}
		}
	}
	switch {
	case n > 0:
		return &e.routes[e.choices[hash%uint64(n)]]
	case first >= 0:
		return &e.routes[first] // all gateways are silent
	}
	return nil
}
