package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// fleet is the secondaries of a test that ends some of them under traffic. It knows who has taken each connection, and since when each may
// lose what it had.
type fleet struct {
	t       *testing.T
	e       *testenv.Env
	witness *witness
	all     []*instance // in the order of their start
}

// instance is one life of a secondary.
type instance struct {
	*testenv.Process
	program string
	doom    *doom // nil: it does not end itself
	proc    int   // once it serves
	ttl     uint8
	started time.Time
	ended   time.Time // from when on its connections may fail; zero: never
	inOrder bool      // it ended when its connections had: only those may fail that were idle between two requests
}

// doom has a secondary kill itself inside a ring operation, see package ring's debug build.
type doom struct{ step, passage int }

// ringSteps are the steps of package ring's operations at which a secondary can die.
var ringSteps = [...]string{
	"enqueue begun", "enqueue put", "enqueue head", "enqueue done", "dequeue begun", "dequeue got", "dequeue head", "dequeue done",
}

// drawDoom draws from all steps alike, and from early passages rather than from late ones.
func drawDoom(r *rand.Rand) *doom {
	return &doom{r.IntN(len(ringSteps)), 1 + r.IntN(1<<r.IntN(10))}
}

// TTLs that tell the secondaries apart. One that has just started has the stack's default.
const (
	defaultTTL = 64
	firstTTL   = 65
	numTTLs    = 190
)

func newFleet(t *testing.T, e *testenv.Env) *fleet {
	t.Helper()
	// So many short connections take their local ports from all that there are, and do not keep them afterwards.
	if out, err := e.Netns("sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65535", "net.ipv4.tcp_max_tw_buckets=4096").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return &fleet{t: t, e: e, witness: newWitness(t, e)}
}

// launch starts a secondary. The next one of the same program comes when this one has got its TTL, or has ended.
func (f *fleet) launch(program string, d *doom, args ...string) *instance {
	f.t.Helper()
	p := &instance{program: program, doom: d, ttl: firstTTL + uint8(len(f.all)%numTTLs), started: time.Now()}
	c := testenv.Command{Args: args, Unprivileged: true, Env: []string{"FF_SOCKET=" + f.e.Socket}}
	if d == nil {
		c.Path = testenv.Build(f.t, program)
	} else {
		c.Path = testenv.Build(f.t, program, "ringsteps")
		c.Env = append(c.Env, fmt.Sprintf("RINGSTACK_DIE=%d:%d", d.step, d.passage))
	}
	p.Process = f.e.Run(c)
	f.all = append(f.all, p)
	return p
}

// enlist gives a secondary that serves its TTL. An error can be the death of the secondary.
func (p *instance) enlist(ctx context.Context, tool *msg.Client) error {
	_, rest, _ := strings.Cut(p.Log(), ": proc ")
	if _, err := fmt.Sscanf(rest, "%d serves", &p.proc); err != nil {
		return fmt.Errorf("%q: %w", p.Log(), err)
	}
	ttl := strconv.Itoa(int(p.ttl))
	var rows []msg.SysctlRow
	err := tool.Call(ctx, msg.KindSysctl, msg.SysctlRequest{Proc: p.proc, Name: "net.inet.ip.ttl", Value: &ttl}, &rows)
	if err != nil {
		return err
	}
	if len(rows) != 1 || rows[0].Value != ttl {
		return fmt.Errorf("set the TTL of proc %d: %+v", p.proc, rows)
	}
	return nil
}

// gone reports whether the secondary has ended.
func (p *instance) gone() bool {
	select {
	case <-p.Exited():
		return true
	default:
		return false
	}
}

// bury enters when a secondary that has ended by itself did so. An error says that it was not its doom.
func (p *instance) bury() error {
	if p.doom == nil {
		return fmt.Errorf("%s, pid %d, has ended, %v:\n%s", p.program, p.Cmd.Process.Pid, p.Cmd.ProcessState, p.Log())
	}
	var step int
	var at int64
	_, last, _ := strings.Cut(p.Log(), "ring: dies at ")
	if _, err := fmt.Sscanf(last, "step %d, %d", &step, &at); err != nil || step != p.doom.step {
		return fmt.Errorf("%s, pid %d, has ended, but not at step %d:\n%s", p.program, p.Cmd.Process.Pid, p.doom.step, p.Log())
	}
	p.ended = time.Unix(0, at)
	return nil
}

// errNobody: there was no SYN-ACK.
var errNobody = errors.New("nobody answered its SYN")

// server returns the secondary that answered the SYN of a connection to a program's port.
func (f *fleet) server(lost failure, program string) (*instance, error) {
	seen, ok := f.witness.whoAnswered(lost.port, lost.begun)
	if !ok {
		return nil, errNobody
	}
	for i := len(f.all) - 1; i >= 0; i-- {
		p := f.all[i]
		if p.program == program && p.started.Before(seen.at) && (seen.ttl == p.ttl || seen.ttl == defaultTTL && p.mayHaveAnswered(lost)) {
			return p, nil
		}
	}
	return nil, fmt.Errorf("its SYN was answered with TTL %d", seen.ttl)
}

// mayHaveAnswered reports whether a connection can have been p's. The next one may be launched before the witness has read the last frames of one
// that died with the default TTL.
func (p *instance) mayHaveAnswered(lost failure) bool {
	return lost.answers == 0 || lost.proc == p.proc
}

// judge returns why a failure is not due to the end of the secondary that had taken the connection. nil: it is.
func (f *fleet) judge(lost failure, program string) error {
	server, err := f.server(lost, program)
	switch {
	case err != nil:
		return err
	case server.ended.IsZero():
		return fmt.Errorf("proc %d, which lives, lost it", server.proc)
	case lost.at.Before(server.ended):
		return fmt.Errorf("proc %d lost it %v before its end", server.proc, server.ended.Sub(lost.at))
	case server.inOrder && lost.answers == 0:
		return fmt.Errorf("proc %d was to end in order", server.proc)
	case lost.answers > 0 && lost.proc != server.proc:
		return fmt.Errorf("proc %d had accepted it", server.proc)
	}
	return nil
}

// deaths counts those that died inside a ring operation by step.
func (f *fleet) deaths() (n [len(ringSteps)]int) {
	for _, p := range f.all {
		if p.doom != nil && !p.ended.IsZero() && strings.Contains(p.Log(), "ring: dies at ") {
			n[p.doom.step]++
		}
	}
	return n
}

func (f *fleet) tellDeaths() string {
	var list []string
	for step, n := range f.deaths() {
		list = append(list, fmt.Sprintf("%s %d", ringSteps[step], n))
	}
	return "inside ring operations: " + strings.Join(list, ", ")
}
