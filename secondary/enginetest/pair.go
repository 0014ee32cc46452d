package enginetest

import (
	"net/netip"
	"testing"

	"ringstack/secondary/engine"
)

// Ends of a cable: two engines, each driven by a goroutine of its own, with an IPv4 and an IPv6 address each.
type Ends struct {
	Client, Server   engine.Engine
	Client4, Client6 netip.Addr
	Server4, Server6 netip.Addr
}

// NewEnds joins two engines and drives them until the test's end.
func NewEnds(t testing.TB, open Open) Ends {
	t.Helper()
	a, b := newPair(t, open)
	return Ends{
		Client: a.Engine, Client4: a.v4, Client6: a.v6,
		Server: b.Engine, Server4: b.v4, Server6: b.v6,
	}
}
