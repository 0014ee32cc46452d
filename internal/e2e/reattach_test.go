package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// signal sends a signal to a program.
func signal(t *testing.T, p *testenv.Process, s syscall.Signal) {
	t.Helper()
	if err := p.Cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// wantProc waits until the secondary with a proc id is in a state, and returns what ff ps shows of it.
func wantProc(t *testing.T, e *testenv.Env, id int, state string) (found msg.Proc) {
	t.Helper()
	tool := e.Tool()
	testenv.Eventually(t, 5*time.Second, fmt.Sprintf("proc %d is %s", id, state), func() bool {
		for _, p := range testenv.Ask[msg.PsReply](t, tool, msg.KindPs, nil).Procs {
			if p.ID == id && p.State == state {
				found = p
				return true
			}
		}
		return false
	})
	return found
}

// wantNoRefusals opens connections, each of which has to bring a parcel, within the time of a few lost packets.
func wantNoRefusals(t *testing.T, e *testenv.Env, n int) {
	t.Helper()
	d := deliver(t, e, testenv.Stack4+":80", n, 10_000)
	d.wantMore(10 * time.Second)
	d.finish()
}

// TestSecondariesComeBackInAnyOrder stops secondaries so that they miss the new primary's start: nobody else gets their packets meanwhile.
func TestSecondariesComeBackInAnyOrder(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	secondaries := []*testenv.Process{e.Secondary(courier), e.Secondary(courier), e.Secondary(courier)}
	d := deliver(t, e, testenv.Stack4+":80", 30, 64<<10)
	d.wantMore(10 * time.Second)
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		for _, s := range secondaries {
			signal(t, s, syscall.SIGSTOP)
		}
		e.Restart()
		for i, back := range order {
			wantHeldOff(t, e, uint64(len(order)-i))
			time.Sleep(30 * time.Millisecond) // for the peers to repeat what the others would refuse
			signal(t, secondaries[back], syscall.SIGCONT)
			wantProc(t, e, back, "live")
		}
		d.wantMore(10 * time.Second)
	}
	d.finish()
	wantNoRefusals(t, e, 10)
}

// TestSecondaryDiesWhileThePrimaryIsAway: nothing is kept for it, and the other gets its share of new connections at once.
func TestSecondaryDiesWhileThePrimaryIsAway(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	victim := e.Secondary(courier)
	d := deliver(t, e, testenv.Stack4+":80", 10, 64<<10) // all to the one that stays
	stays := victim
	victim = e.Secondary(courier)
	d.wantMore(10 * time.Second)
	e.Kill()
	victim.Kill()
	e.Start()
	wantProc(t, e, 0, "live")
	wantHeldOff(t, e, 0)
	wantNoRefusals(t, e, 20)
	d.wantMore(10 * time.Second)
	d.finish()
	awaitBalance(t, e.Tool(), victim.Cmd.Process.Pid)
	if !strings.Contains(e.Primary.Log(), fmt.Sprintf("nothing is kept for a secondary of the primary before this one pid=%d", victim.Cmd.Process.Pid)) &&
		!strings.Contains(e.Primary.Log(), "it has ended") {
		t.Errorf("the log does not tell of the dead secondary:\n%s", e.Primary.Log())
	}
	stays.Stop()
}

// TestAwaitedSecondaryDies is awaited when it dies: at once nothing is kept for it any more.
func TestAwaitedSecondaryDies(t *testing.T) {
	e := testenv.New(t, testenv.Config{Keys: []string{"reattach_grace=600000"}})
	e.Secondary(courier)
	victim := e.Secondary(courier)
	signal(t, victim, syscall.SIGSTOP)
	e.Restart()
	wantProc(t, e, 0, "live")
	wantHeldOff(t, e, 1)
	victim.Kill()
	testenv.Eventually(t, 5*time.Second, "nobody is awaited", func() bool {
		return testenv.Stats(t, e.Tool())["dispatch.awaited"] == 0
	})
	wantNoRefusals(t, e, 20)
}

// TestGraceIsOver: what is kept for a secondary goes to the others; when it comes all the same, it takes part again.
func TestGraceIsOver(t *testing.T) {
	e := testenv.New(t, testenv.Config{Keys: []string{"reattach_grace=300"}})
	e.Secondary(courier)
	late := e.Secondary(courier)
	signal(t, late, syscall.SIGSTOP)
	e.Restart()
	e.Primary.WaitLog("reattach_grace is over")
	wantNoRefusals(t, e, 20)
	signal(t, late, syscall.SIGCONT)
	if p := wantProc(t, e, 1, "live"); len(p.Ports) != 1 || p.Ports[0] != "tcp/80" {
		t.Errorf("it listens on %v", p.Ports)
	}
	wantNoRefusals(t, e, 20)
}

// TestPrimaryDiesAgainWhileSecondariesComeBack kills primaries at every moment of their start and of the re-attachment.
func TestPrimaryDiesAgainWhileSecondariesComeBack(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(courier)
	e.Secondary(courier)
	d := deliver(t, e, testenv.Stack4+":80", 20, 64<<10)
	d.wantMore(10 * time.Second)
	program := testenv.Build(t, testenv.FFPrimary)
	e.Kill()
	for i := range 12 {
		p := e.Run(testenv.Command{Path: program, Args: []string{"--conf", e.Conf, "--log-level", "debug"}})
		if i < 4 {
			time.Sleep(time.Duration(i) * 80 * time.Millisecond) // somewhere in its start
		} else {
			p.WaitLog("ready for secondaries")
			time.Sleep(time.Duration(i-4) * time.Millisecond) // somewhere in the re-attachment
		}
		p.Kill()
	}
	e.Start()
	d.wantMore(15 * time.Second)
	d.finish()
	wantHeldOff(t, e, 0)
}

// TestUselessState starts primaries with state files that say nothing: the secondaries tell what they have, and no connection is lost.
func TestUselessState(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(courier)
	e.Secondary(courier)
	d := deliver(t, e, testenv.Stack4+":80", 20, 64<<10)
	d.wantMore(10 * time.Second)
	file := filepath.Join(e.RunDir(), "state")
	for name, spoil := range map[string]func([]byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"cut":       func(b []byte) []byte { return b[:len(b)/2] },
		"changed":   func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"another's": func([]byte) []byte { return []byte("[Unit]\nDescription=state\n") },
		"later version": func(b []byte) []byte {
			return bytes.Replace(b, []byte("ringstack-state "), []byte("ringstack-state 1"), 1)
		},
	} {
		e.Kill()
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, spoil(content), 0o600); err != nil {
			t.Fatal(err)
		}
		e.Start()
		if n := strings.Count(e.Primary.Log(), "the state of the primary before this one is lost"); n != 1 {
			t.Errorf("%s: %d warnings:\n%s", name, n, e.Primary.Log())
		}
		d.wantMore(10 * time.Second)
		wantNoRefusals(t, e, 5)
	}
	d.finish()
}

// TestStateThatCouldNotBeWritten kills a primary whose state file is older than its last secondary, which comes back late: what that file says
// would lead its connections to the other.
func TestStateThatCouldNotBeWritten(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(courier)
	obstacle := filepath.Join(e.RunDir(), "state.new")
	if err := os.MkdirAll(filepath.Join(obstacle, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	late := e.Secondary(courier)
	wantSettled(t, e.Tool())
	d := deliver(t, e, testenv.Stack4+":80", 30, 64<<10)
	d.wantMore(10 * time.Second)
	signal(t, late, syscall.SIGSTOP)
	e.Kill()
	if err := os.RemoveAll(obstacle); err != nil {
		t.Fatal(err)
	}
	e.Start()
	wantProc(t, e, 0, "live")
	time.Sleep(500 * time.Millisecond) // for the peers to repeat what the other would refuse
	signal(t, late, syscall.SIGCONT)
	d.wantMore(10 * time.Second)
	d.finish()
}

// TestAnotherClaimsWhatIsKept has programs ask for the proc id and the port of a secondary that is awaited.
func TestAnotherClaimsWhatIsKept(t *testing.T) {
	e := testenv.New(t, testenv.Config{Keys: []string{"reattach_grace=600000"}})
	owner := e.Secondary(courier)
	d := deliver(t, e, testenv.Stack4+":80", 4, 64<<10)
	d.wantMore(10 * time.Second)
	signal(t, owner, syscall.SIGSTOP)
	e.Restart()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for name, c := range map[string]struct {
		resume *msg.Resume
		want   error
	}{
		"without a ticket":    {nil, syscall.EBUSY},
		"with another ticket": {&msg.Resume{Ticket: "AAAAAAAAAAAAAAAAAAAAAAAAAA", Ports: []msg.PortRequest{{Proto: 6, Port: 80}}}, nil},
	} {
		client, reply, err := msg.Dial(ctx, e.Socket, msg.Hello{Role: msg.RoleSecondary, Program: "thief", Proc: 0, Resume: c.resume})
		if !errors.Is(err, c.want) {
			t.Fatalf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		var attach struct {
			Proc    int
			Refused []struct{ Port, Errno int }
		}
		if err := reply.Decode(&attach); err != nil {
			t.Fatal(err)
		}
		if attach.Proc == 0 || len(attach.Refused) != 1 || attach.Refused[0].Errno != int(syscall.EADDRINUSE) {
			t.Errorf("%s: got %+v", name, attach)
		}
		reply.CloseFDs()
		client.Close()
	}
	other := e.Launch(courier, "--group", "other")
	wantExit(t, other, 1, "port 80 is taken by another group")
	signal(t, owner, syscall.SIGCONT)
	d.wantMore(10 * time.Second)
	d.finish()
}

// TestHangsWhileItComesBack has one come back with the ticket of a secondary and say no more: when the grace time is over, it holds nobody up.
func TestHangsWhileItComesBack(t *testing.T) {
	e := testenv.New(t, testenv.Config{Keys: []string{"reattach_grace=1000"}})
	owner := e.Secondary(courier)
	e.Secondary(courier)
	wantSettled(t, e.Tool())
	signal(t, owner, syscall.SIGSTOP)
	content, err := os.ReadFile(filepath.Join(e.RunDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := bytes.Cut(content, []byte("\n"))
	var state struct {
		Procs []struct {
			ID     int
			Ticket string
		}
	}
	if err := json.Unmarshal(body, &state); err != nil || len(state.Procs) != 2 || state.Procs[0].ID != 0 {
		t.Fatalf("%s: %v", body, err)
	}
	e.Restart()
	had := msg.Resume{Ticket: state.Procs[0].Ticket, Ports: []msg.PortRequest{{Proto: 6, Port: 80}}}
	client, reply, err := msg.Dial(t.Context(), e.Socket, msg.Hello{Role: msg.RoleSecondary, Program: "courier", Proc: 0, Resume: &had})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	reply.CloseFDs()
	e.Primary.WaitLog("reattach_grace is over")
	wantHeldOff(t, e, 0)
	wantNoRefusals(t, e, 20)
	signal(t, owner, syscall.SIGCONT)
	testenv.Eventually(t, 5*time.Second, "the owner is back as one that is late", func() bool { return len(attached(t, e)) == 2 })
	wantNoRefusals(t, e, 20)
}

// TestPortIsLost: with the state lost, too, another program may be faster. The one that had the port is told.
func TestPortIsLost(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	owner := e.Secondary(courier, "--listen", ":80", "--listen", ":81")
	signal(t, owner, syscall.SIGSTOP)
	e.Kill()
	if err := os.Remove(filepath.Join(e.RunDir(), "state")); err != nil {
		t.Fatal(err)
	}
	e.Start()
	e.Secondary(courier, "--group", "other")
	signal(t, owner, syscall.SIGCONT)
	owner.WaitLog("lost after a restart of the primary: port 80 is taken by another group")
	e.Primary.WaitLog("secondary has lost ports")
	if p := wantProc(t, e, 1, "live"); len(p.Ports) != 1 || p.Ports[0] != "tcp/81" {
		t.Errorf("it listens on %v", p.Ports)
	}
	wantNoRefusals(t, e, 5)
}

// TestPrimaryIsAwayForGood ends secondaries that do not want to wait for ever.
func TestPrimaryIsAwayForGood(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	s := e.Secondary(courier, "--reattach-timeout", "300ms")
	e.Kill()
	wantExit(t, s, 1, "courier: the primary is gone")
}

// TestSettingsOutliveThePrimary sets a variable in all secondaries and those to come, and another in one of them.
func TestSettingsOutliveThePrimary(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(courier)
	e.Secondary(courier)
	set := func(proc int, name, value string) {
		t.Helper()
		testenv.Ask[[]msg.SysctlRow](t, e.Tool(), msg.KindSysctl, msg.SysctlRequest{Proc: proc, Name: name, Value: &value})
	}
	set(msg.AnyProc, "net.inet.ip.ttl", "77")
	set(1, "net.inet.tcp.sack.enable", "0")
	e.Restart()
	wantProc(t, e, 0, "live")
	wantProc(t, e, 1, "live")
	e.Secondary(courier)
	for name, want := range map[string][]string{"net.inet.ip.ttl": {"77", "77", "77"}, "net.inet.tcp.sack.enable": {"1", "0", "1"}} {
		for _, row := range testenv.Ask[[]msg.SysctlRow](t, e.Tool(), msg.KindSysctl, msg.SysctlRequest{Proc: msg.AnyProc, Name: name}) {
			if row.Value != want[row.Proc] {
				t.Errorf("%s is %s in proc %d, want %s", name, row.Value, row.Proc, want[row.Proc])
			}
		}
	}
}
