package secondary

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"ringstack/msg"
	"ringstack/secondary/enginetest"
)

const patience = 10 * time.Second // what no passing test comes near

// pair is two secondaries on one cable, without a primary: every port may be listened on.
type pair struct {
	client, server   *Secondary
	client4, client6 netip.Addr
	server4, server6 netip.Addr
}

func newPair(t *testing.T, nameServers ...netip.AddrPort) *pair {
	t.Helper()
	ends := enginetest.NewEnds(t, newEngine)
	p := &pair{
		client: &Secondary{engine: ends.Client}, client4: ends.Client4, client6: ends.Client6,
		server: &Secondary{engine: ends.Server}, server4: ends.Server4, server6: ends.Server6,
	}
	for _, s := range []*Secondary{p.client, p.server} {
		s.leases.ask = func(context.Context) (msg.LeaseReply, error) { return msg.LeaseReply{First: 10240, N: 256}, nil }
		s.ports.tell = func(msg.Kind, msg.PortRequest) error { return nil }
		s.names = s.newNames(nameServers)
	}
	return p
}
