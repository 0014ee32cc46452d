package e2e

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
	"ringstack/secondary"
)

const (
	accepts   = "net.inet.tcp.stats.accepts"
	segments  = "net.inet.tcp.stats.rcvtotal"
	datagrams = "net.inet.udp.stats.ipackets"
)

func TestTwoProgramsShareAnAddress(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	const n, web, echoer = 30, 0, 1
	e.Secondary(httpd).WaitLog("proc 0 ")
	e.Secondary(echo).WaitLog("proc 1 ")
	tool := e.Tool()
	check := func(proc int, name string, want int) {
		t.Helper()
		if got := counter(t, tool, proc, name); got != want {
			t.Errorf("proc %d: %s is %d, want %d", proc, name, got, want)
		}
	}

	client := browser(e)
	for range n {
		if body, err := get(client, testenv.Stack4); err != nil || body != "hello from proc 0" {
			t.Fatalf("httpd: %q, %v", body, err)
		}
	}
	check(web, accepts, n)
	check(echoer, segments, 0)

	web0 := counter(t, tool, web, segments)
	wantAnswers(t, e, "tcp", 7, n, "hello")
	check(echoer, accepts, n)
	check(web, segments, web0)

	echo0 := counter(t, tool, echoer, segments)
	wantAnswers(t, e, "udp", 7, n, "hello")
	check(echoer, datagrams, n)
	check(echoer, segments, echo0)
	check(web, datagrams, 0)
}

func TestUDPPortIsShared(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	procs := []*testenv.Process{e.Secondary(echo), e.Secondary(echo)}
	const n = 60
	wantAnswers(t, e, "udp", 7, n, "hello")
	tool := e.Tool()
	a, b := counter(t, tool, 0, datagrams), counter(t, tool, 1, datagrams)
	if a < n/6 || b < n/6 || a+b != n {
		t.Errorf("%d datagrams of as many flows were spread as %d and %d", n, a, b)
	}
	for _, p := range procs {
		if err := p.Stop(); err != nil {
			t.Errorf("echo stops with %v:\n%s", err, p.Log())
		}
	}
}

func TestPortOfAnotherGroup(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	owner := e.Secondary(echo)
	late := testenv.Finish(t, testenv.Command{
		Path: testenv.Build(t, echo), Args: []string{"--socket", e.Socket, "--group", "late"}, Unprivileged: true,
	})
	if late.Code != 1 || late.Stderr != "echo: listen tcp :7: port 7 is taken by another group: ff ps shows by which\n" {
		t.Errorf("a second group on one port: %+v", late)
	}

	s := attach(t, e, "other")
	if _, err := s.Listen("tcp", ":7"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listen on a taken TCP port: %v", err)
	}
	if _, err := s.ListenPacket("udp", ":7"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listen on a taken UDP port: %v", err)
	}
	wantAnswers(t, e, "tcp", 7, 10, "hello")

	owner.Kill()
	died := time.Now()
	var l net.Listener
	testenv.Eventually(t, time.Second, "a dead program's port is free", func() (ok bool) {
		var err error
		l, err = s.Listen("tcp", ":7")
		return err == nil
	})
	t.Logf("free %v after the owner's death", time.Since(died))
	go answerAll(l, "other")
	wantAnswers(t, e, "tcp", 7, 10, "other hello")
}

func TestSameNumberTCPAndUDP(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	a, b := attach(t, e, "a"), attach(t, e, "b")
	l, err := a.Listen("tcp", ":5000")
	if err != nil {
		t.Fatal(err)
	}
	go answerAll(l, "a")
	p, err := b.ListenPacket("udp", ":5000")
	if err != nil {
		t.Fatal(err)
	}
	go echoPackets(p)
	wantAnswers(t, e, "tcp", 5000, 10, "a hello")
	wantAnswers(t, e, "udp", 5000, 10, "hello")
	if _, err := a.ListenPacket("udp", ":5000"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("UDP port of another group: %v", err)
	}
	if _, err := b.Listen("tcp", ":5000"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("TCP port of another group: %v", err)
	}
}

func echoPackets(p net.PacketConn) {
	buf := make([]byte, 2048)
	for {
		n, from, err := p.ReadFrom(buf)
		if err != nil {
			return
		}
		p.WriteTo(buf[:n], from)
	}
}

func TestGroupOfAnotherUser(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(echo, "--group", "g")
	stranger := testenv.Finish(t, testenv.Command{
		Path: "setpriv", Args: []string{
			"--reuid=12345", "--regid=65534", "--clear-groups",
			testenv.Build(t, echo), "--socket", e.Socket, "--group", "g",
		},
	})
	const want = `echo: attach: group "g" belongs to uid 65534: name another group` + "\n"
	if stranger.Code != 1 || stranger.Stderr != want {
		t.Errorf("a stranger in the group: %+v", stranger)
	}

	root := attach(t, e, "g") // may join any group
	l, err := root.Listen("tcp", ":7")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rootOnly := attach(t, e, "roots")
	defer rootOnly.Close()
	unprivileged := testenv.Finish(t, testenv.Command{
		Path: testenv.Build(t, echo), Args: []string{"--socket", e.Socket, "--group", "roots"}, Unprivileged: true,
	})
	if unprivileged.Code != 1 || !strings.Contains(unprivileged.Stderr, `group "roots" belongs to uid 0`) {
		t.Errorf("an unprivileged program in root's group: %+v", unprivileged)
	}
}

func TestClosedListenerFreesThePort(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	first, next := attach(t, e, "first"), attach(t, e, "next")
	l, err := first.Listen("tcp", ":5000")
	if err != nil {
		t.Fatal(err)
	}
	go answerAll(l, "first")
	var old []net.Conn
	for range 40 {
		old = append(old, open(t, e, "tcp", 5000))
	}
	for _, c := range old { // each is accepted now
		wantAnswer(t, c, "first hello")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err = next.Listen("tcp", ":5000"); err != nil {
		t.Fatal(err)
	}
	go answerAll(l, "next")
	for range 3 { // while the port's buckets move, and after
		wantAnswers(t, e, "tcp", 5000, 20, "next hello")
		for _, c := range old {
			wantAnswer(t, c, "first hello")
		}
	}
}

func wantAnswer(t *testing.T, c net.Conn, want string) {
	t.Helper()
	if got, err := exchange(c, "hello"); err != nil || got != want {
		t.Fatalf("answer %q (%v), want %q", got, err, want)
	}
}

func TestListenOnAnyPort(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	seen := make(map[int]bool)
	serve := func(s *secondary.Secondary, name string) {
		l, err := s.Listen("tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		if port == 0 || seen[port] {
			t.Fatalf("%s got port %d; there are %v", name, port, seen)
		}
		seen[port] = true
		go answerAll(l, name)
		wantAnswers(t, e, "tcp", port, 10, name+" hello")
	}
	a, b := attach(t, e, "g"), attach(t, e, "g")
	serve(a, "a")
	serve(b, "b")
	serve(a, "a")
	p, err := b.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	go echoPackets(p)
	wantAnswers(t, e, "udp", p.LocalAddr().(*net.UDPAddr).Port, 10, "hello")

	ports := 0
	for _, proc := range testenv.Ask[msg.PsReply](t, e.Tool(), msg.KindPs, nil).Procs {
		ports += len(proc.Ports)
	}
	if ports != 4 {
		t.Errorf("ps shows %d ports, want 4", ports)
	}
}
