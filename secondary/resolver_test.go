package secondary

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"

	"ringstack/internal/testdns"
)

// namedPair has a name server at the server's end, at port 53 of IPv4, which nothing but the stack leads to.
func namedPair(t *testing.T, zone map[string]testdns.Name, nameServers ...netip.AddrPort) (*pair, *testdns.Server) {
	t.Helper()
	p := newPair(t, append(nameServers, netip.MustParseAddrPort("10.0.0.2:53"))...)
	dns := &testdns.Server{Zone: zone}
	c, err := p.server.ListenPacket("udp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.server.Listen("tcp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	go dns.ServeUDP(c)
	go dns.ServeTCP(l)
	return p, dns
}

// greet answers each connection to a port of the server with its name.
func (p *pair) greet(t *testing.T, network, address, name string) {
	t.Helper()
	l, err := p.server.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, name)
			c.Close()
		}
	}()
}

// greeting connects and returns what the other end says, and its IP.
func (p *pair) greeting(t *testing.T, network, address string) string {
	t.Helper()
	c, err := p.client.DialContext(t.Context(), network, address)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	text, err := io.ReadAll(c)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s at %s", text, c.RemoteAddr().(*net.TCPAddr).IP)
}

func TestDialByName(t *testing.T) {
	p, dns := namedPair(t, map[string]testdns.Name{
		"both.test.":   {Addrs: addrs("fd00::2", "10.0.0.2")},
		"four.test.":   {Addrs: addrs("10.0.0.2")},
		"six.test.":    {Addrs: addrs("fd00::2")},
		"long.test.":   {Addrs: addrs("10.0.0.2"), Truncated: true},
		"broken.test.": {Broken: true},
		"closed.test.": {Addrs: addrs("2001:db8::1", "10.0.0.2")}, // behind a gateway that does not answer
	})
	p.greet(t, "tcp", ":80", "hello")
	for _, c := range []struct{ network, host, want string }{
		{"tcp", "both.test", "hello at 10.0.0.2"}, // RFC 6724: before local IPv6 addresses
		{"tcp4", "both.test", "hello at 10.0.0.2"},
		{"tcp6", "both.test", "hello at fd00::2"},
		{"tcp", "four.test", "hello at 10.0.0.2"},
		{"tcp", "six.test.", "hello at fd00::2"},
		{"tcp", "long.test", "hello at 10.0.0.2"},
		{"tcp", "closed.test", "hello at 10.0.0.2"},
		{"tcp", "10.0.0.2", "hello at 10.0.0.2"},
		{"tcp", "none.test", "dial tcp: lookup none.test on 10.0.0.2:53: no such host"},
		{"tcp6", "four.test", "dial tcp6: lookup four.test on 10.0.0.2:53: no such host"},
		{"tcp", "broken.test", "dial tcp: lookup broken.test on 10.0.0.2:53: server misbehaving"},
	} {
		if got := p.greeting(t, c.network, net.JoinHostPort(c.host, "80")); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.network, c.host, got, c.want)
		}
	}
	if dns.TCP.Load() != 2 || dns.UDP.Load() == 0 {
		t.Errorf("%d questions over TCP, want 2; %d over UDP", dns.TCP.Load(), dns.UDP.Load())
	}
	_, err := p.client.DialContext(t.Context(), "tcp", "none.test:80")
	var failed *net.DNSError
	if !errors.As(err, &failed) || !failed.IsNotFound || failed.Name != "none.test" {
		t.Errorf("%#v", err)
	}
}

// A name server that does not answer is asked once, and then the next one.
func TestNextNameServer(t *testing.T) {
	p, _ := namedPair(t, map[string]testdns.Name{"host.test.": {Addrs: addrs("10.0.0.2")}},
		netip.MustParseAddrPort("10.0.0.2:54")) // refuses
	p.greet(t, "tcp", ":80", "hello")
	for range 2 {
		if got := p.greeting(t, "tcp", "host.test:80"); got != "hello at 10.0.0.2" {
			t.Error(got)
		}
	}
}

// A name server on this host is asked over the kernel's network.
func TestLoopbackNameServer(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	dns := &testdns.Server{Zone: map[string]testdns.Name{"host.test.": {Addrs: addrs("10.0.0.2")}}}
	go dns.ServeUDP(c)
	p := newPair(t, c.LocalAddr().(*net.UDPAddr).AddrPort())
	p.greet(t, "tcp", ":80", "hello")
	if got := p.greeting(t, "tcp", "host.test:80"); got != "hello at 10.0.0.2" {
		t.Error(got)
	}
}

func addrs(list ...string) (ips []netip.Addr) {
	for _, ip := range list {
		ips = append(ips, netip.MustParseAddr(ip))
	}
	return ips
}
