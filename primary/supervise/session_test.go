package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/uds"
	"ringstack/msg"
)

// serveFor runs the socket of a supervisor with these groups until the test ends.
func serveFor(t *testing.T, groups ...group) (path string, stop func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "rssup") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "supervisor.sock")
	s := &Supervisor{log: testLog(t), groups: groups}
	if s.socket, err = uds.Listen(path, -1, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.accept(ctx)
	}()
	stop = func() {
		cancel()
		<-ended
		os.RemoveAll(dir)
	}
	t.Cleanup(stop)
	return path, stop
}

func dial(t *testing.T, path string) *msg.Client {
	t.Helper()
	c, _, err := msg.Dial(t.Context(), path, msg.Hello{Role: msg.RoleTool})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// keepers makes a group of so many shells.
func keepers(t *testing.T, name string, uid int, names ...string) group {
	t.Helper()
	g := group{name: name}
	for _, name := range names {
		k := newKeeper(name, shell("exec sleep 1000"), launchLive, 10*time.Second, testLog(t))
		k.uid = uid
		runKeeper(t, k)
		g.keepers = append(g.keepers, k)
	}
	return g
}

// states asks for the state of all units.
func states(t *testing.T, c *msg.Client) map[string]msg.Unit {
	t.Helper()
	var units []msg.Unit
	if err := c.Call(t.Context(), msg.KindUnits, nil, &units); err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]msg.Unit)
	for _, u := range units {
		byName[u.Name] = u
	}
	return byName
}

func TestRequests(t *testing.T) {
	path, _ := serveFor(t, keepers(t, "primary", 0, "primary"), keepers(t, "web", 0, "web.0", "web.1"), keepers(t, "dns", 0, "dns"))
	c := dial(t, path)
	order := func(kind msg.Kind, names ...string) error {
		return c.Call(t.Context(), kind, msg.UnitsRequest{Names: names}, nil)
	}
	want := func(live ...string) map[string]msg.Unit {
		t.Helper()
		units := states(t, c)
		var got []string
		for _, name := range []string{"primary", "web.0", "web.1", "dns"} {
			if u := units[name]; u.State == "live" && u.PID > 0 {
				got = append(got, name)
			} else if u.State != "stopped" || u.PID != 0 {
				t.Errorf("%+v", u)
			}
		}
		if strings.Join(got, " ") != strings.Join(live, " ") {
			t.Errorf("live are %v, want %v", got, live)
		}
		return units
	}
	want()
	for _, step := range []struct {
		kind  msg.Kind
		names []string
		live  []string
	}{
		{msg.KindStart, []string{"web.1"}, []string{"web.1"}},
		{msg.KindStart, []string{"web", "web.1", "dns"}, []string{"web.0", "web.1", "dns"}},
		{msg.KindStop, []string{"web.0"}, []string{"web.1", "dns"}},
		{msg.KindStart, []string{"primary"}, []string{"primary", "web.1", "dns"}},
		{msg.KindStop, []string{"web", "dns"}, []string{"primary"}},
		{msg.KindRestart, []string{"web", "primary"}, []string{"primary", "web.0", "web.1"}},
	} {
		if err := order(step.kind, step.names...); err != nil {
			t.Fatalf("%v %v: %v", step.kind, step.names, err)
		}
		want(step.live...)
	}
	before := want("primary", "web.0", "web.1")
	if err := order(msg.KindRestart, "web.1"); err != nil {
		t.Fatal(err)
	}
	after := want("primary", "web.0", "web.1")
	if after["web.1"].PID == before["web.1"].PID || after["web.0"].PID != before["web.0"].PID || after["primary"].PID != before["primary"].PID {
		t.Errorf("restart of web.1: %+v, then %+v", before, after)
	}
	for _, bad := range []struct {
		names []string
		want  string
	}{
		{[]string{"wbe"}, `no process is called "wbe": there are primary, web, dns`},
		{[]string{"dns", "web.2"}, `no process is called "web.2": there are primary, web, dns`},
		{nil, "want 1 to 128 names"},
		{make([]string, 129), "want 1 to 128 names"},
	} {
		if err := order(msg.KindStart, bad.names...); err == nil || err.Error() != bad.want {
			t.Errorf("%q: %v, want %q", bad.names, err, bad.want)
		}
	}
	want("primary", "web.0", "web.1")
	for kind, text := range map[msg.Kind]string{
		msg.KindPs: "the supervisor cannot be asked for ps: ask the primary", msg.KindStop: "decode",
	} {
		if err := c.Call(t.Context(), kind, "text", nil); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v: %v", kind, err)
		}
	}
}

func TestRestartStopsAtTheFirstThatFails(t *testing.T) {
	web := keepers(t, "web", 0, "web.0", "web.1", "web.2")
	web.keepers[1].program = program{command: []string{"/nosuch/program"}}
	groups := []group{web}
	err := startEach(t.Context(), groups)
	if err == nil || !strings.HasPrefix(err.Error(), "web.1 ended before it was live") {
		t.Error(err)
	}
	first, _ := web.keepers[0].look()
	last, _ := web.keepers[2].look()
	if first.state != stateLive || last.state != stateLive {
		t.Fatalf("not all were started: %+v, %+v", first, last)
	}
	err = restartEach(t.Context(), groups) // that which does not serve comes first
	if err == nil || !strings.HasSuffix(err.Error(), "; web.0 and what follows was left alone") {
		t.Error(err)
	}
	for i, before := range map[int]status{0: first, 2: last} {
		if after, _ := web.keepers[i].look(); after.pid != before.pid {
			t.Errorf("%+v", after)
		}
	}
}

func TestWhoMayOrder(t *testing.T) {
	groups := []group{
		{"primary", []*keeper{{name: "primary"}}},
		{"web", []*keeper{{name: "web.0", uid: 33}, {name: "web.1", uid: 33}}},
	}
	for _, c := range []struct {
		uid    int
		groups []group
		want   string
	}{
		{0, groups, ""},
		{33, groups[1:], ""},
		{33, groups, "primary runs as uid 0: only that user and root may start and stop it"},
		{34, groups[1:], "web.0 runs as uid 33: only that user and root may start and stop it"},
	} {
		err := mayOrder(c.uid, c.groups)
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("uid %d: %v, want %q", c.uid, err, c.want)
		}
	}
}

// TestHostilePeers says to the socket what no tool says.
func TestHostilePeers(t *testing.T) {
	path, _ := serveFor(t, keepers(t, "primary", 0, "primary"))
	hello := func(version int, role string) []byte {
		payload, err := json.Marshal(msg.Hello{Version: version, Role: role})
		if err != nil {
			t.Fatal(err)
		}
		frame := make([]byte, msg.HeaderSize+len(payload))
		msg.Header{Kind: msg.KindHello, Len: uint32(len(payload))}.Put(frame)
		copy(frame[msg.HeaderSize:], payload)
		return frame
	}
	status := make([]byte, msg.HeaderSize)
	msg.Header{Kind: msg.KindUnits}.Put(status)
	for name, c := range map[string]struct {
		frame []byte
		want  string
	}{
		"garbage":         {[]byte("GET / HTTP/1.1\r\n\r\n"), "bad message header"},
		"no hello":        {status, "say hello first, not status"},
		"another version": {hello(99, msg.RoleTool), "protocol version 99, but the supervisor speaks " + strconv.Itoa(msg.Version)},
		"a secondary":     {hello(msg.Version, msg.RoleSecondary), "this is the supervisor, not the primary"},
	} {
		raw, err := net.Dial("unixpacket", path)
		if err != nil {
			t.Fatal(err)
		}
		conn := msg.NewConn(raw.(*net.UnixConn))
		if _, err := conn.Write(c.frame); err != nil {
			t.Fatal(err)
		}
		m, err := conn.Recv(time.Now().Add(5 * time.Second))
		if err == nil {
			err = m.Decode(nil)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || m.Kind != msg.KindDetach {
			t.Errorf("%s: %v %v, want %q", name, m.Kind, err, c.want)
		}
		conn.Close()
	}
	dial(t, path) // a good one is served all the same
}

// TestTooManyPeers takes all places of one user: the next is told, and served once there is one.
func TestTooManyPeers(t *testing.T) {
	path, _ := serveFor(t)
	var clients []*msg.Client
	for range maxSessions / 2 {
		clients = append(clients, dial(t, path))
	}
	_, _, err := msg.Dial(t.Context(), path, msg.Hello{Role: msg.RoleTool})
	if err == nil || !strings.Contains(err.Error(), "has all of its 32 connections") {
		t.Error(err)
	}
	clients[0].Close()
	for deadline := time.Now().Add(5 * time.Second); ; {
		c, _, err := msg.Dial(t.Context(), path, msg.Hello{Role: msg.RoleTool})
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestStopWhileServing ends the socket while a request is under way: it is answered, and who only
// listens is told.
func TestStopWhileServing(t *testing.T) {
	k := newKeeper("web", shell("exec sleep 1000"), launchDead, 10*time.Second, testLog(t))
	runKeeper(t, k)
	path, stop := serveFor(t, group{"web", []*keeper{k}})
	idle, busy := dial(t, path), dial(t, path)
	failed := make(chan error)
	go func() {
		failed <- busy.Call(context.Background(), msg.KindStart, msg.UnitsRequest{Names: []string{"web"}}, nil)
	}()
	until(t, k, "starting", func(st status) bool { return st.state == stateStarting })
	stop()
	if err := <-failed; err == nil || err.Error() != "the supervisor stops" {
		t.Error(err)
	}
	<-idle.Done()
	if err := idle.Err(); !errors.Is(err, syscall.ESHUTDOWN) {
		t.Error(err)
	}
}
