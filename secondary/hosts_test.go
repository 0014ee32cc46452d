//go:build !gvisor

package secondary

import "testing"

// Names of /etc/hosts need no server.
func TestDialByHostsFile(t *testing.T) {
	p, dns := namedPair(t, nil)
	l, err := p.client.Listen("tcp", "localhost:80")
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Addr().String(); got != "127.0.0.1:80" {
		t.Errorf("listens at %s", got)
	}
	if n := dns.UDP.Load() + dns.TCP.Load(); n != 0 {
		t.Errorf("%d questions", n)
	}
}
