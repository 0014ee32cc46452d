package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

var (
	stormKills = flag.Int("kills", 200, "how many secondaries the storm kills")
	stormSeed  = flag.Uint64("seed", 0, "seed of the storm's random moments; 0: another one each time")
)

// TestKillStorm kills secondaries with SIGKILL at random moments, replacements that are still
// attaching among them, under traffic of which nothing may fail but what the victims served.
func TestKillStorm(t *testing.T) {
	s := newStorm(t)
	before := feel(t, s.tool)
	begun := time.Now()
	for s.kills < *stormKills {
		s.pause(400)
		s.kill(s.live[s.rand.IntN(len(s.live))])
		now := feel(t, s.tool)
		before.wantAlive(t, now)
		wantViolations(t, before, now, "")
		before = now
		for s.kills < *stormKills && s.rand.IntN(4) == 0 {
			early := s.launch()
			s.pause(25) // to be hit between exec and listening
			s.kill(early)
		}
		s.serve(s.launch())
	}
	took := time.Since(begun)
	s.load.stop()
	s.judge()
	s.report(took)
}

// storm is a primary with three secondaries under traffic.
type storm struct {
	t       *testing.T
	e       *testenv.Env
	tool    *msg.Client
	rand    *rand.Rand
	load    *load
	witness *witness

	live    []*instance
	all     []*instance // in the order of their start
	kills   int
	slowest time.Duration // to an exact balance
}

// instance is one life of a secondary.
type instance struct {
	*testenv.Process
	proc            int // once it serves
	ttl             uint8
	started, killed time.Time
}

func newStorm(t *testing.T) *storm {
	seed := *stormSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("go test ./internal/e2e -run %s -kills %d -seed %d", t.Name(), *stormKills, seed)
	s := &storm{t: t, e: testenv.New(t, testenv.Config{}), rand: rand.New(rand.NewPCG(seed, 0))}
	s.tool = s.e.Tool()
	// So many short connections use a local port more than once.
	if out, err := s.e.Netns("sysctl", "-qw", "net.ipv4.tcp_tw_reuse=1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.witness = newWitness(t, s.e)
	for range 3 {
		s.serve(s.launch())
	}
	s.load = newLoad(t, s.e, 12, 6)
	s.load.wantMore(t, 100)
	return s
}

// pause waits up to so many milliseconds.
func (s *storm) pause(ms int) { time.Sleep(time.Duration(s.rand.IntN(ms*1000)) * time.Microsecond) }

// launch starts a secondary.
func (s *storm) launch() *instance {
	p := &instance{
		ttl:     firstTTL + uint8(len(s.all)%numTTLs),
		started: time.Now(),
		Process: s.e.Launch(httpd),
	}
	s.all = append(s.all, p)
	return p
}

// TTLs that tell the secondaries apart. One that has just started has the stack's default.
const (
	defaultTTL = 64
	firstTTL   = 65
	numTTLs    = 190
)

// serve waits until the latest secondary takes part in the traffic, and gives it its TTL.
func (s *storm) serve(p *instance) {
	s.t.Helper()
	p.WaitLog("serves")
	if _, err := fmt.Sscanf(p.Log(), "httpd: proc %d serves", &p.proc); err != nil {
		s.t.Fatalf("%q: %v", p.Log(), err)
	}
	ttl := strconv.Itoa(int(p.ttl))
	rows := testenv.Ask[[]msg.SysctlRow](s.t, s.tool, msg.KindSysctl, msg.SysctlRequest{Proc: p.proc, Name: "net.inet.ip.ttl", Value: &ttl})
	if len(rows) != 1 || rows[0].Value != ttl {
		s.t.Fatalf("set the TTL of proc %d: %+v", p.proc, rows)
	}
	s.live = append(s.live, p)
}

// kill kills a secondary and waits until the primary has everything back.
func (s *storm) kill(victim *instance) {
	s.t.Helper()
	victim.killed = time.Now()
	victim.Kill()
	s.kills++
	for i, p := range s.live {
		if p == victim {
			s.live = append(s.live[:i], s.live[i+1:]...)
			break
		}
	}
	s.slowest = max(s.slowest, awaitBalance(s.t, s.tool, victim.Cmd.Process.Pid))
}

// judge fails the test for each failure that is not the death of the secondary that had taken the
// connection.
func (s *storm) judge() {
	s.t.Helper()
	failures := s.load.failed()
	for _, f := range failures {
		server, err := s.server(f)
		switch {
		case err != nil:
			s.t.Errorf("%v: %v", f, err)
		case server.killed.IsZero():
			s.t.Errorf("%v: proc %d, which lives, lost it", f, server.proc)
		case f.at.Before(server.killed):
			s.t.Errorf("%v: proc %d lost it %v before it was killed", f, server.proc, server.killed.Sub(f.at))
		case f.answers > 0 && f.proc != server.proc:
			s.t.Errorf("%v: proc %d had accepted it", f, server.proc)
		}
	}
	if len(failures) < s.kills {
		s.t.Errorf("%d kills were felt by %d connections only: was there traffic?", s.kills, len(failures))
	}
}

// server returns the secondary that answered a connection's SYN.
func (s *storm) server(f failure) (*instance, error) {
	seen, ok := s.witness.whoAnswered(f.port, f.begun)
	if !ok {
		return nil, fmt.Errorf("nobody answered its SYN")
	}
	for i := len(s.all) - 1; i >= 0; i-- {
		p := s.all[i]
		if p.started.Before(seen.at) && (seen.ttl == p.ttl || seen.ttl == defaultTTL) {
			return p, nil
		}
	}
	return nil, fmt.Errorf("its SYN was answered with TTL %d", seen.ttl)
}

var mbufsBack = regexp.MustCompile(`secondary is gone.* mbufs_back=(\d+)`)

func (s *storm) report(took time.Duration) {
	reclaimed := 0
	log := s.e.Primary.Log()
	for _, match := range mbufsBack.FindAllStringSubmatch(log, -1) {
		n, err := strconv.Atoi(match[1])
		if err != nil {
			s.t.Error(err)
		}
		reclaimed += n
	}
	if reclaimed == 0 {
		s.t.Errorf("the primary's log does not tell of mbufs that came back")
	}
	l := s.load
	s.t.Logf("%d kills in %v, %d of them while attaching", s.kills, took.Round(time.Millisecond), s.early())
	s.t.Logf("%d requests, %.0f/s, on %d connections", l.requests.Load(), float64(l.requests.Load())/took.Seconds(), l.connections.Load())
	s.t.Logf("%d connections failed, with whom they were to", len(l.failed()))
	s.t.Logf("%v at most to an exact balance; %d mbufs reclaimed", s.slowest.Round(time.Microsecond), reclaimed)
	s.t.Logf("%v at most without an answer to anybody; %v at most for a request",
		time.Duration(l.gap.Load()).Round(time.Millisecond), time.Duration(l.slowest.Load()).Round(time.Millisecond))
}

// early returns how many were killed before they served.
func (s *storm) early() (n int) {
	for _, p := range s.all {
		if !strings.Contains(p.Log(), "serves") {
			n++
		}
	}
	return n
}
