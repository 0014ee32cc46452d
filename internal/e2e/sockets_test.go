package e2e

import (
	"net"
	"strconv"
	"testing"

	"ringstack/internal/testenv"
	"ringstack/secondary"
)

// A connection may come from a port of the program's choice, which is its own until the connection is closed.
func TestDialFromAPort(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	from := &net.TCPAddr{IP: net.ParseIP(testenv.Stack4), Port: 999}
	for i, s := range []*secondary.Secondary{attach(t, e, "one"), attach(t, e, "other")} {
		server := new(echoServer)
		server.expect(1)
		l := e.Listen("tcp", net.JoinHostPort(testenv.Peer4, strconv.Itoa(9000+i)))
		go server.serve(l)
		d := secondary.Dialer{Secondary: s, LocalAddr: from}
		c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := exchange(c, "hello"); err != nil || got != from.String()+" hello" {
			t.Errorf("%q, %v", got, err)
		}
		c.Close()
		server.wait(t)
	}
}

// One program may listen on a port twice, once for each IP version.
func TestListenOnEachVersion(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	s := attach(t, e, "")
	for _, network := range []string{"tcp4", "tcp6"} {
		l, err := s.Listen(network, ":80")
		if err != nil {
			t.Fatal(err)
		}
		go answerAll(l, network)
	}
	for network, ip := range map[string]string{"tcp4": testenv.Stack4, "tcp6": testenv.Stack6} {
		c, err := e.DialContext(t.Context(), "tcp", net.JoinHostPort(ip, "80"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := exchange(c, "hello"); err != nil || got != network+" hello" {
			t.Errorf("%s is answered %q, %v", ip, got, err)
		}
		c.Close()
	}
}
