package e2e

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

func TestToolRefusesBadInput(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	wantLine(t, program(t, e, ff, "pss"), 2, "ff: unknown command \"pss\" (did you mean \"ps\"?); see \"ff --help\"\n")
	wantLine(t, program(t, e, ff), 2, "ff: name a command; see \"ff --help\"\n")
	wantLine(t, program(t, e, ff, "ps", "-p", "x"), 2,
		"ff: invalid argument \"x\" for \"-p, --proc\" flag: a proc id is a number from 0 on; see \"ff help ps\"\n")
	wantLine(t, program(t, e, ff, "ps"), 1,
		"ff: no primary answers at "+e.Socket+": start ff-primary, or name its socket with --socket\n")
	e.Start()
	wantLine(t, program(t, e, ff, "ps", "-p", "3"), 1, "ff: no secondary has proc id 3\n")
}

func TestSecondaryWaitsForThePrimary(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	wantLine(t, program(t, e, httpd, "--wait", "300ms"), 1,
		"httpd: attach: no primary answers at "+e.Socket+": start ff-primary, or name its socket: context deadline exceeded\n")
	patient := e.Run(testenv.Command{
		Path: testenv.Build(t, httpd), Args: []string{"--wait", "20s"},
		Env: []string{"FF_SOCKET=" + e.Socket}, Unprivileged: true,
	})
	e.Start()
	patient.WaitLog("serves")
	if body, err := get(browser(e), testenv.Stack4); err != nil || body != "hello from proc 0" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestOthersMayNotOpenTheSocket(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	e.Change("socket_group=65534", "socket_group=0")
	e.Start()
	got := program(t, e, httpd)
	wantLine(t, got, 1, "httpd: attach: connect to the primary: dial unixpacket "+e.Socket+
		": connect: permission denied: this user may not use "+e.Socket+": run as a member of its group (socket_group in config.ini)\n")
	got = program(t, e, ff, "ps")
	wantLine(t, got, 1, "ff: no permission to open "+e.Socket+
		": it (owner root, group root, mode 0660) lets in a member of group root, and root\n")
}

// TestSecondaryRefusesAnotherVersion has a secondary meet a primary of a later release.
func TestSecondaryRefusesAnotherVersion(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: socket, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			c.Read(make([]byte, msg.MaxFrame)) // the hello
			c.Write(helloFrame(9, 0))
			defer c.Close()
		}
	}()
	for _, pkg := range []string{httpd, ff} {
		got := testenv.Finish(t, testenv.Command{Path: testenv.Build(t, pkg), Args: map[string][]string{ff: {"ps"}}[pkg], Env: []string{"FF_SOCKET=" + socket}})
		want := fmt.Sprintf("protocol version 9, but this side speaks %d: use programs built from one release\n", msg.Version)
		if got.Code != 1 || strings.Count(got.Stderr, "\n") != 1 || !strings.HasSuffix(got.Stderr, want) {
			t.Errorf("%s: %+v", pkg, got)
		}
	}
}
