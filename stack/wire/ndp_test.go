package wire

import "testing"

// FuzzNDP reads neighbour discovery messages. What is understood of a neighbour's is written and read again as it was.
func FuzzNDP(f *testing.F) {
	src, dst := Addr{0: 0xfe, 1: 0x80, 15: 1}, AllNodes
	message := func(n Neighbor) []byte {
		b := make([]byte, NeighborLen(&n))
		PutNeighbor(b, ICMPv6NeighborAdvert, &n, &src, &dst)
		return b
	}
	f.Add(message(Neighbor{Target: src}))
	f.Add(message(Neighbor{Target: src, Flags: NDPOverride, Options: NDPOptions{HasSource: true, HasTarget: true, HasNonce: true}}))
	f.Add(append(make([]byte, routerAdvertLen), 5, 1, 0, 0, 0, 0, 5, 220, 1, 1, 2, 0, 0, 0, 0, 9))
	f.Add(append(make([]byte, routerAdvertLen), append([]byte{3, 4, 64, 0xc0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0}, make([]byte, 20)...)...))
	f.Add(append(make([]byte, redirectLen), 2, 1, 2, 0, 0, 0, 0, 9, 4, 1, 0, 0, 0, 0, 0, 0))
	f.Add(append(make([]byte, redirectLen), 2, 0)) // an option of length 0
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, ok := ParseNeighbor(b); ok {
			n.Options.MTU, n.Options.NPrefix, n.Options.Prefix = 0, 0, [len(n.Options.Prefix)]PrefixInfo{} // only routers write these
			if again, ok := ParseNeighbor(message(n)); !ok || again != n {
				t.Errorf("%+v became %+v", n, again)
			}
		}
		if a, ok := ParseRouterAdvert(b); ok && (a.Options.NPrefix > len(a.Options.Prefix) || a.Lifetime < 0 || a.Reachable < 0) {
			t.Errorf("%+v", a)
		}
		if r, ok := ParseRedirect(b); ok && (r.Dst.IsMulticast() || len(b) < redirectLen) {
			t.Errorf("%+v", r)
		}
	})
}
