package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

var (
	stormFor  = flag.Duration("storm", 12*time.Second, "how long TestStorm rages")
	stormHuge = flag.Bool("huge", false, "TestStorm uses hugepages")
)

// TestStorm mixes at random all that a service has to survive: secondaries that are killed, stopped, or kill themselves inside ring
// operations, that join, leave and drain; primaries that are killed, restarted, taken over from or frozen; resources that run out; and tools
// that look on all the time. It then prints what there was. Nothing may fail but what the victims served, and nothing may be left.
func TestStorm(t *testing.T) {
	s := newStorm(t)
	defer s.report()
	s.rage(*stormFor)
	s.calm()
	s.wantAsBefore()
	s.farewell()
}

// storm is a primary with two groups of secondaries under traffic: web servers that come and go in all ways, and couriers, of which two stay.
type storm struct {
	*fleet
	agenda
	seed    uint64
	begun   time.Time
	took    time.Duration
	calming bool // nothing new is begun

	helm     *helm
	web      *crew
	couriers *crew
	halts    *halts
	tools    *lookers
	tool     *msg.Client  // nil: the primary is away
	seen     *msg.PsReply // in this turn

	pages, errands *load
	long           *deliveries
	before, now    census

	journal []string
	actions map[string]int
	unrest  spans // times when secondaries ended, were halted, or starved
	slowest struct{ balance, back time.Duration }
}

func newStorm(t *testing.T) *storm {
	s := &storm{seed: drawSeed(), begun: time.Now(), calming: true, actions: make(map[string]int)}
	s.hangs = s.hang
	e := testenv.Network(t, testenv.Config{Hugepages: *stormHuge, Keys: []string{"reattach_grace=60000"}})
	e.Change("max_mbufs=2048", "max_mbufs=6144") // one of them can take nearly all
	e.KeepLogs(t.ArtifactDir())
	e.Start()
	s.fleet = newFleet(t, e)
	s.helm = &helm{storm: s, rand: s.chance(1)}
	s.web = &crew{storm: s, rand: s.chance(2), program: httpd, args: []string{"--wait", "60s", "--drain", "60s"}}
	s.couriers = &crew{storm: s, rand: s.chance(3), program: courier, args: []string{"--listen", ":81"}}
	s.halts = &halts{storm: s, rand: s.chance(4)}
	s.helm.connect()
	s.muster(s.couriers, 2, s.couriers.drain)
	s.long = deliver(t, e, testenv.Stack4+":81", 24, 256<<10)
	s.muster(s.web, 3, s.web.leave)
	s.helm.arm()
	s.pages = startLoad(t, e, errand{80, stormAnswer, 10 * time.Millisecond, askPage}, 8, 4)
	s.errands = startLoad(t, e, errand{81, stormAnswer, 20 * time.Millisecond, askParcel}, 0, 3)
	s.helm.kill() // from here on everything is there that a restart needs
	s.settle()
	s.before = takeCensus(t, e, s.survivors())
	s.journal = nil
	clear(s.actions)
	return s
}

// stormAnswer is how long an answer may take: far more than the primary is ever away.
const stormAnswer = 30 * time.Second

// chance returns what is left to chance in one part of the storm.
func (s *storm) chance(part uint64) *rand.Rand { return rand.New(rand.NewPCG(s.seed, part)) }

// muster has a crew grow or shrink to n, and waits for that.
func (s *storm) muster(c *crew, n int, leave func(*instance)) {
	s.t.Helper()
	for len(c.live) != n {
		if len(c.live) < n {
			c.join(nil)
		} else {
			leave(c.live[len(c.live)-1])
		}
		s.settle()
	}
}

// rage begins everything, and goes on for a while.
func (s *storm) rage(d time.Duration) {
	s.t.Helper()
	s.begun, s.calming = time.Now(), false
	s.tools = look(s)
	for _, begin := range []func(){s.helm.round, s.web.serve, s.couriers.relieve, s.halts.round} {
		begin()
	}
	for time.Since(s.begun) < d && !s.t.Failed() {
		s.turn()
	}
	s.took = time.Since(s.begun)
}

// turn does what can be done now and looks at everything.
func (s *storm) turn() {
	s.t.Helper()
	s.seen = nil
	s.agenda.turn()
	s.web.look()
	s.couriers.look()
	s.judgeNew()
	time.Sleep(2 * time.Millisecond)
}

// settle waits until nothing is under way any more.
func (s *storm) settle() {
	s.t.Helper()
	for len(s.plans) > 0 {
		s.turn()
	}
}

// survivors are the secondaries that live from the beginning to the end.
func (s *storm) survivors() (list []*testenv.Process) {
	for _, p := range s.couriers.live[:2] {
		list = append(list, p.Process)
	}
	return list
}

// ps returns what the primary shows. nil: it is away.
func (s *storm) ps() *msg.PsReply {
	s.t.Helper()
	if s.seen == nil && s.tool != nil {
		s.seen = new(msg.PsReply)
		s.ask(msg.KindPs, nil, s.seen)
	}
	return s.seen
}

// ask makes a call to the primary, which is there.
func (s *storm) ask(kind msg.Kind, in, out any) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), agendaPatience)
	defer cancel()
	if err := s.tool.Call(ctx, kind, in, out); err != nil {
		s.hang(fmt.Sprintf("an answer to %v: %v", kind, err))
	}
}

// note enters an action into the journal.
func (s *storm) note(action, format string, args ...any) {
	s.actions[action]++
	s.journal = append(s.journal, fmt.Sprintf("%8.3f %s ", time.Since(s.begun).Seconds(), action)+fmt.Sprintf(format, args...))
}

// hang fails the test for something that does not come, and has all processes tell where they are.
func (s *storm) hang(what string) {
	s.t.Helper()
	s.t.Errorf("hangs: %s", what)
	processes := []*testenv.Process{s.e.Primary}
	for _, p := range s.all {
		if !p.gone() {
			processes = append(processes, p.Process)
		}
	}
	for _, p := range processes {
		s.t.Logf("--- dump of %s, pid %d\n%s", p.Path, p.Cmd.Process.Pid, strings.TrimSpace(p.Dump()))
	}
	s.t.FailNow()
}
