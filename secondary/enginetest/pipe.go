package enginetest

import (
	"net"
	"net/netip"
	"testing"
)

// Pipes calls test once for each IP version, with a function that makes a connection between two new engines, as
// golang.org/x/net/nettest.TestConn wants it. Each has a cable of its own, with a seed that counts up from cable.Seed.
func Pipes(t *testing.T, open Open, cable Impairment, test func(t *testing.T, pipe func() (c1, c2 net.Conn, stop func(), err error))) {
	for _, version := range []string{"IPv4", "IPv6"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel() // a bad cable makes tests wait
			cable := cable
			test(t, func() (net.Conn, net.Conn, func(), error) {
				a, b := newHost(t, open, 1), newHost(t, open, 2)
				t.Logf("%+v", cable) // shown when the test fails
				impair(a, b, cable)
				cable.Seed++
				stop := start(a, b)
				addr := netip.AddrPortFrom(b.v4, 80)
				if version == "IPv6" {
					addr = netip.AddrPortFrom(b.v6, 80)
				}
				l, err := b.ListenTCP(anywhere(80), nil)
				if err != nil {
					return nil, nil, stop, err
				}
				c1, err := a.DialTCP(t.Context(), netip.AddrPort{}, addr, nil)
				if err != nil {
					return nil, nil, stop, err
				}
				c2, err := l.Accept()
				return c1, c2, stop, err
			})
		})
	}
}
