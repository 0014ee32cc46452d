package e2e

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ringstack/internal/testdns"
	"ringstack/internal/testenv"
	"ringstack/secondary"
)

// nameServer answers questions in the test's namespace, at Peer4, port 53.
func nameServer(t *testing.T, e *testenv.Env, zone map[string]testdns.Name) *testdns.Server {
	t.Helper()
	address := net.JoinHostPort(testenv.Peer4, "53")
	var p net.PacketConn
	err := e.In(func() (err error) {
		p, err = net.ListenPacket("udp", address)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	s := &testdns.Server{Zone: zone}
	go s.ServeUDP(p)
	go s.ServeTCP(e.Listen("tcp", address))
	return s
}

func TestDialByName(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	four, six := netip.MustParseAddr(testenv.Peer4), netip.MustParseAddr(testenv.Peer6)
	dns := nameServer(t, e, map[string]testdns.Name{
		"echo.test.": {Addrs: []netip.Addr{six, four}},
		"long.test.": {Addrs: []netip.Addr{six, four}, Truncated: true},
		// Nobody has the first address: the second is tried soon.
		"half.test.": {Addrs: []netip.Addr{netip.MustParseAddr("192.168.100.77"), six}},
	})
	server := new(echoServer)
	l := e.Listen("tcp", ":9000")
	go server.serve(l)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := secondary.Attach(ctx, secondary.Config{
		Socket: e.Socket, Program: "test", NameServers: []netip.AddrPort{netip.AddrPortFrom(four, 53)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct{ network, host, want string }{
		{"tcp", "echo.test", testenv.Peer4}, // RFC 6724 prefers it to a local IPv6 address
		{"tcp6", "echo.test", testenv.Peer6},
		{"tcp4", "long.test", testenv.Peer4},
		{"tcp", "half.test", testenv.Peer6},
	} {
		server.expect(1)
		conn, err := s.DialContext(ctx, c.network, c.host+":9000")
		if err != nil {
			t.Fatalf("%s %s: %v", c.network, c.host, err)
		}
		if got := conn.RemoteAddr().(*net.TCPAddr).IP.String(); got != c.want {
			t.Errorf("%s %s leads to %s, want %s", c.network, c.host, got, c.want)
		}
		if got, err := exchange(conn, "hello"); err != nil || got != conn.LocalAddr().String()+" hello" {
			t.Errorf("%s %s: %q, %v", c.network, c.host, got, err)
		}
		conn.Close()
	}
	server.wait(t)
	if dns.TCP.Load() == 0 {
		t.Error("nothing was asked over TCP")
	}
	_, err = s.DialContext(ctx, "tcp", "none.test:9000")
	var failed *net.DNSError
	if !errors.As(err, &failed) || !failed.IsNotFound {
		t.Errorf("a name that is not there: %v", err)
	}
}

// A program finds the name servers of /etc/resolv.conf, over the stack.
func TestResolvConf(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	nameServer(t, e, map[string]testdns.Name{"echo.home.test.": {Addrs: []netip.Addr{netip.MustParseAddr(testenv.Peer4)}}})
	conf := filepath.Join(e.Dir, "resolv.conf")
	if err := os.WriteFile(conf, []byte("search home.test\nnameserver "+testenv.Peer4+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	server := new(echoServer)
	server.expect(1)
	go server.serve(e.Listen("tcp", ":9000"))
	p := e.Run(testenv.Command{
		Path: "/usr/bin/unshare", // for a resolv.conf of its own
		Args: []string{
			"--mount", "sh", "-c", `mount --bind "$1" /etc/resolv.conf && exec "$2" tcp echo:9000 1`, "sh", conf, testenv.Build(t, dialer),
		},
		Env: []string{"FF_SOCKET=" + e.Socket},
	})
	p.WaitLog("end\n")
	server.wait(t)
}
