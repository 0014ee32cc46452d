package secondary

import (
	"context"
	"fmt"
	"testing"
)

func TestParseNetwork(t *testing.T) {
	for network, want := range map[string]string{
		"tcp": "6 0 <nil>", "tcp4": "6 4 <nil>", "tcp6": "6 6 <nil>",
		"udp": "17 0 <nil>", "udp4": "17 4 <nil>", "udp6": "17 6 <nil>",
		"": "0 0 unknown network ", "unix": "0 0 unknown network unix", "tcp5": "0 0 unknown network tcp5",
	} {
		proto, version, err := parseNetwork(network)
		if got := fmt.Sprintf("%d %d %v", proto, version, err); got != want {
			t.Errorf("%q: %s, want %s", network, got, want)
		}
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		network string
		version int
		address string
		want    string
	}{
		{"tcp", 0, ":80", "[invalid AddrPort] <nil>"},
		{"tcp", 4, ":80", "[0.0.0.0:80] <nil>"},
		{"tcp", 6, ":80", "[[::]:80] <nil>"},
		{"tcp", 0, "10.1.2.3:0", "[10.1.2.3:0] <nil>"},
		{"tcp", 0, "[fd00::1]:65535", "[[fd00::1]:65535] <nil>"},
		{"tcp", 4, "[::ffff:10.1.2.3]:7", "[10.1.2.3:7] <nil>"},
		{"tcp", 0, ":http", "[invalid AddrPort] <nil>"},
		{"tcp", 4, "[fd00::1]:80", "[] address fd00::1: no IPv4 address"},
		{"tcp", 6, "10.1.2.3:80", "[] address 10.1.2.3: no IPv6 address"},
		{"tcp", 0, "10.1.2.3", "[] address 10.1.2.3: missing port in address"},
		{"tcp", 0, ":65536", "[] address 65536: invalid port"},
	} {
		addrs, err := resolve(context.Background(), c.network, c.version, c.address)
		if got := fmt.Sprint(addrs, err); got != c.want {
			t.Errorf("%s%d %s: %s, want %s", c.network, c.version, c.address, got, c.want)
		}
	}
}
