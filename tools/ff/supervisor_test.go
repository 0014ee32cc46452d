package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ringstack/msg"
)

var someUnits = []msg.Unit{
	{Name: "primary", State: "live", PID: 4242, Uptime: 187},
	{Name: "web.0", State: "live", PID: 4243, Uptime: 3, Restarts: 12, LastEnd: "signal: killed"},
	{Name: "web.1", State: "waiting", Restarts: 3, LastEnd: "exit status 1", RetryIn: 3.21},
	{Name: "dns", State: "stopped"},
}

func TestStatus(t *testing.T) {
	ff(t, fakeSupervisor(t, answers{msg.KindUnits: someUnits}), "status").want(t, 0, `
NAME     STATE          PID  UPTIME  RESTARTS  LAST END
primary  live          4242   3m07s         0  -
web.0    live          4243      3s        12  signal: killed
web.1    waiting 3.2s     -       -         3  exit status 1
dns      stopped          -       -         0  -
`[1:], "")
	ff(t, fakeSupervisor(t, answers{msg.KindUnits: someUnits[:1]}), "status", "--json").want(t, 0,
		`[{"name":"primary","state":"live","pid":4242,"uptime_seconds":187,"restarts":0,"last_end":"","retry_in_seconds":0}]`+"\n", "")
	ff(t, fakeSupervisor(t, answers{msg.KindUnits: []msg.Unit{}}), "status", "--json").want(t, 0, "[]\n", "")
}

func TestOrders(t *testing.T) {
	var got []string
	note := answerFunc(func(m msg.Message) any {
		var req msg.UnitsRequest
		if err := m.Decode(&req); err != nil {
			return err
		}
		got = append(got, m.Kind.String()+" "+strings.Join(req.Names, " "))
		if slices.Contains(req.Names, "wbe") {
			return msg.Errorf(syscall.ENOENT, "no process is called %q", "wbe")
		}
		return nil
	})
	socket := fakeSupervisor(t, answers{msg.KindStart: note, msg.KindStop: note, msg.KindRestart: note})
	ff(t, socket, "start", "web.0").want(t, 0, "", "")
	ff(t, socket, "stop", "web", "primary").want(t, 0, "", "")
	ff(t, socket, "restart", "primary").want(t, 0, "", "")
	ff(t, socket, "restart", "wbe").want(t, 1, "", "ff: no process is called \"wbe\"\n")
	if want := []string{"start web.0", "stop web primary", "restart primary", "restart wbe"}; !slices.Equal(got, want) {
		t.Errorf("asked for %q, want %q", got, want)
	}
	ff(t, socket, "stop").want(t, 2, "", "ff: name what to stop: ff status lists the processes; see \"ff help stop\"\n")
}

// TestOrderTimeout: an order may take its time, unless the user says otherwise.
func TestOrderTimeout(t *testing.T) {
	socket := fakeSupervisor(t, answers{msg.KindStop: silence{}})
	beside := msg.SupervisorSocket(socket)
	for _, args := range [][]string{{"stop", "--timeout", "50ms", "web"}, {"--timeout=50ms", "stop", "web"}} {
		ff(t, socket, args...).want(t, 1, "", "ff: the supervisor at "+beside+" did not answer within 50ms\n")
	}
	for command, want := range map[string]string{"stop": "(default 10m0s)", "status": "(default 5s)", "ps": "(default 5s)"} {
		if got := ff(t, "", "help", command); !strings.Contains(got.out, want) {
			t.Errorf("help %s does not say %s:\n%s", command, want, got.out)
		}
	}
	if got := ff(t, "", "help"); strings.Contains(got.out, "0s") {
		t.Error(got.out)
	}
}

func TestNoSupervisor(t *testing.T) {
	socket := fakePrimary(t, answers{}) // there is a primary
	ff(t, socket, "status").want(t, 1, "", "ff: no supervisor answers at "+filepath.Dir(socket)+
		"/supervisor.sock: start ff-primary --supervise, or name its primary's socket with --socket\n")
	long := "/" + strings.Repeat("x", 99) + "/c.sock"
	ff(t, long, "status").want(t, 1, "", "ff: the path of a socket has at most 107 bytes, this one 116: "+filepath.Dir(long)+"/supervisor.sock\n")
	ff(t, filepath.Join(os.TempDir(), "nosuch", "control.sock"), "restart", "web").want(t, 1, "", "ff: no supervisor answers at "+
		filepath.Join(os.TempDir(), "nosuch", "supervisor.sock")+": start ff-primary --supervise, or name its primary's socket with --socket\n")
}

// TestHostileSupervisor: nothing that comes back reaches the terminal as a control character.
func TestHostileSupervisor(t *testing.T) {
	units := []msg.Unit{{Name: "\x1b[2J", State: "\a", LastEnd: "a\nb", PID: -1, Uptime: -1e308, RetryIn: 1e308}}
	got := ff(t, fakeSupervisor(t, answers{msg.KindUnits: units}), "status")
	if got.code != 0 || strings.ContainsAny(got.out, "\x1b\a") || strings.Count(got.out, "\n") != 2 {
		t.Errorf("%+v", got)
	}
	ff(t, fakeSupervisor(t, answers{msg.KindUnits: hangUp{}}), "status") // must end
	refusal := msg.Errorf(syscall.EPERM, "a\x1b[2Jb\nc")
	ff(t, fakeSupervisor(t, answers{msg.KindStop: refusal}), "stop", "x").want(t, 1, "", "ff: a\\x1b[2Jb\\nc\n")
}
