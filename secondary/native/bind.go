package native

import (
	"net/netip"
	"syscall"

	"ringstack/stack/wire"
)

// bindable says whether a socket may be bound to ip: EADDRNOTAVAIL when it is not ours. An invalid one stands for all.
func (h *host) bindable(ip netip.Addr) syscall.Errno {
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() || (ip.IsUnspecified() || ip.IsLoopback()) && (ip.Is4() || h.ipv6) {
		return 0
	}
	errno := syscall.EADDRNOTAVAIL
	h.stack.Addresses(func(_ int, own netip.Prefix) bool {
		if own.Addr() == ip {
			errno = 0
		}
		return errno != 0
	})
	return errno
}

// bindAddr is the stack's form of an address to bind to; only6: that means all of IPv6 and none of IPv4.
func (h *host) bindAddr(ip netip.Addr) (addr wire.Addr, only6 bool) {
	if !ip.IsValid() && !h.ipv6 {
		return wire.Any4, false
	}
	return wire.FromNetip(ip), ip == netip.IPv6Unspecified()
}
