package main

import (
	"strings"
	"syscall"
	"testing"

	"ringstack/msg"
)

var somePs = msg.PsReply{
	Procs: []msg.Proc{
		{ID: 10, Role: "secondary", Program: "echo", Group: "echo", PID: 4711, UID: 1000, State: "stalled", Uptime: 7384.6},
		{ID: 0, Role: "secondary", Program: "httpd", Group: "web", PID: 4243, UID: 33, State: "up", Leader: true,
			Uptime: 187, Ports: []string{"tcp/80", "tcp/443"}, Mbufs: 484},
		{ID: -1, Role: "primary", Program: "ff-primary", PID: 4242, State: "up", Uptime: 1047600},
	},
	Pools: []msg.Pool{
		{Name: "mbuf_pool_0", Size: 16384, Free: 15900, Held: 484},
		{Name: "mbuf_pool_1", Size: 100, Free: 50, NIC: 50},
	},
}

func TestPs(t *testing.T) {
	ff(t, fakePrimary(t, answers{msg.KindPs: somePs}), "ps").want(t, 0, `
PROC     PROGRAM     GROUP   PID   UID  STATE    UPTIME  PORTS           MBUFS
primary  ff-primary  -      4242     0  up       12d03h  -                   0
0*       httpd       web    4243    33  up        3m07s  tcp/80,tcp/443    484
10       echo        echo   4711  1000  stalled   2h03m  -                   0
mbuf_pool_0: 16384 mbufs = 15900 free + 0 NIC + 484 held
mbuf_pool_1: 100 mbufs = 50 free + 50 NIC + 0 held
`[1:], "")
}

func TestPsOfOne(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindPs: answerFunc(func(m msg.Message) any {
		var req msg.ProcRequest
		if err := m.Decode(&req); err != nil || req.Proc != 10 {
			return msg.Errorf(syscall.ESRCH, "proc %d is not attached", req.Proc)
		}
		return somePs
	})})
	ff(t, socket, "ps", "-p", "10").want(t, 0, `
PROC  PROGRAM  GROUP   PID   UID  STATE    UPTIME  PORTS  MBUFS
10    echo     echo   4711  1000  stalled   2h03m  -          0
`[1:], "")
	ff(t, socket, "-p11", "ps").want(t, 1, "", "ff: proc 11 is not attached\n")
}

func TestPsJSON(t *testing.T) {
	reply := msg.PsReply{Procs: []msg.Proc{{ID: -1, Role: "primary", Program: "\u009b31m<b>"}}}
	ff(t, fakePrimary(t, answers{msg.KindPs: reply}), "--json", "ps").want(t, 0,
		`{"procs":[{"proc_id":-1,"role":"primary","program":"\u009b31m\u003cb\u003e","group":"","pid":0,"uid":0,`+
			`"state":"","leader":false,"uptime_seconds":0,"ports":[],"mbufs":0}],"pools":[]}`+"\n", "")
}

func TestPsEscapesNames(t *testing.T) {
	reply := msg.PsReply{
		Procs: []msg.Proc{{Program: "\x1b]0;owned\a", Group: "a\tb\nc", State: "\u202eup", Ports: []string{"\r", "caf\u00e9"}}},
		Pools: []msg.Pool{{Name: "\x1b[2J"}},
	}
	got := ff(t, fakePrimary(t, answers{msg.KindPs: reply}), "ps")
	for _, want := range []string{`\x1b]0;owned\a`, `a\tb\nc`, `\u202eup`, `\r,café`, `\x1b[2J: 0 mbufs`} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %s in\n%s", want, got.out)
		}
	}
	if strings.ContainsAny(got.out, "\x1b\a\t\r\u202e") || strings.Count(got.out, "\n") != 3 {
		t.Errorf("got %q", got.out)
	}
}

func TestUptime(t *testing.T) {
	for seconds, want := range map[float64]string{
		-5: "0s", 0: "0s", 59.9: "59s", 60: "1m00s", 3599: "59m59s", 3600: "1h00m", 86399: "23h59m",
		86400: "1d00h", 1e300: "11574074d01h",
	} {
		if got := uptime(seconds); got != want {
			t.Errorf("%v: got %s, want %s", seconds, got, want)
		}
	}
}
