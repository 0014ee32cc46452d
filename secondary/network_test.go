package secondary

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
)

func TestParseNetwork(t *testing.T) {
	for name, want := range map[string]string{
		"tcp": "{tcp 6 0} <nil>", "tcp4": "{tcp4 6 4} <nil>", "tcp6": "{tcp6 6 6} <nil>",
		"udp": "{udp 17 0} <nil>", "udp4": "{udp4 17 4} <nil>", "udp6": "{udp6 17 6} <nil>",
		"": "{ 0 0} unknown network ", "unix": "{ 0 0} unknown network unix", "tcp5": "{ 0 0} unknown network tcp5",
	} {
		n, err := parseNetwork(name)
		if got := fmt.Sprintf("%v %v", n, err); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct{ network, address, want string }{
		{"tcp", ":80", "[invalid AddrPort] <nil>"},
		{"tcp4", ":80", "[invalid AddrPort] <nil>"},
		{"tcp", "10.1.2.3:0", "[10.1.2.3:0] <nil>"},
		{"tcp", "[fd00::1]:65535", "[[fd00::1]:65535] <nil>"},
		{"udp", "[fe80::1%eth0]:9", "[[fe80::1%eth0]:9] <nil>"},
		{"tcp4", "[::ffff:10.1.2.3]:7", "[10.1.2.3:7] <nil>"},
		{"tcp6", "[::ffff:10.1.2.3]:7", "[] address ::ffff:10.1.2.3: no suitable address found"},
		{"tcp", ":http", "[invalid AddrPort] <nil>"},
		{"tcp4", "[fd00::1]:80", "[] address fd00::1: no suitable address found"},
		{"tcp6", "10.1.2.3:80", "[] address 10.1.2.3: no suitable address found"},
		{"tcp", "10.1.2.3", "[] address 10.1.2.3: missing port in address"},
		{"tcp", ":65536", "[] address 65536: invalid port"},
		{"tcp", ":nonsense", "[] lookup tcp/nonsense: unknown port"},
	} {
		n, err := parseNetwork(c.network)
		if err != nil {
			t.Fatal(err)
		}
		addrs, err := n.resolve(t.Context(), net.DefaultResolver, c.address)
		if got := fmt.Sprint(addrs, err); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.network, c.address, got, c.want)
		}
	}
}

// All local addresses are those of the network's versions, however they were written.
func TestWildcards(t *testing.T) {
	for _, c := range []struct{ network, address, listen, dial string }{
		{"tcp", "", "invalid IP", "127.0.0.1"},
		{"tcp", "0.0.0.0", "invalid IP", "127.0.0.1"},
		{"tcp", "::", "invalid IP", "::1"},
		{"tcp4", "", "0.0.0.0", "127.0.0.1"},
		{"tcp6", "", "::", "::1"},
		{"tcp6", "::", "::", "::1"},
		{"tcp", "10.1.2.3", "10.1.2.3", "10.1.2.3"},
		{"udp6", "fd00::1", "fd00::1", "fd00::1"},
	} {
		n, err := parseNetwork(c.network)
		if err != nil {
			t.Fatal(err)
		}
		ip, _ := netip.ParseAddr(c.address)
		if got := n.bindable(ip).String(); got != c.listen {
			t.Errorf("%s %q is listened on as %s, want %s", c.network, c.address, got, c.listen)
		}
		if got := n.reachable(ip).String(); got != c.dial {
			t.Errorf("%s %q is dialled as %s, want %s", c.network, c.address, got, c.dial)
		}
	}
}
