package e2e

import (
	"context"
	"flag"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

var (
	stormKills = flag.Int("kills", 1000, "how many secondaries TestKillStorm kills")
	stormSeed  = flag.Uint64("seed", 0, "seed of what a storm leaves to chance; 0: another one each time")
)

// TestKillStorm ends secondaries with SIGKILL at random moments, replacements that are still attaching among them, and inside ring
// operations, under traffic of which nothing may fail but what the victims served.
func TestKillStorm(t *testing.T) {
	s := newKillStorm(t)
	before := feel(t, s.tool)
	begun := time.Now()
	for s.kills < *stormKills {
		s.pause(200)
		s.end(s.live[s.rand.IntN(len(s.live))])
		now := feel(t, s.tool)
		before.wantAlive(t, now)
		wantViolations(t, before, now, "")
		before = now
		for s.kills < *stormKills && s.rand.IntN(4) == 0 {
			early := s.launch(httpd, nil)
			s.pause(25) // to be hit between exec and listening
			s.kill(early)
			s.early++
		}
		for len(s.live) < 3 {
			s.replace()
		}
	}
	took := time.Since(begun)
	s.load.stop()
	s.judgeAll()
	s.report(took)
}

// killStorm is a primary with three secondaries under traffic.
type killStorm struct {
	*fleet
	tool *msg.Client
	rand *rand.Rand
	load *load

	live         []*instance
	kills, early int           // early: while attaching
	slowest      time.Duration // to an exact balance
}

func newKillStorm(t *testing.T) *killStorm {
	seed := drawSeed()
	t.Logf("go test ./internal/e2e -run %s -kills %d -seed %d", t.Name(), *stormKills, seed)
	s := &killStorm{fleet: newFleet(t, testenv.New(t, testenv.Config{})), rand: rand.New(rand.NewPCG(seed, 0))}
	s.e.KeepLogs(t.ArtifactDir())
	s.tool = s.e.Tool()
	for range 3 {
		s.serve(s.launch(httpd, nil))
	}
	s.load = newLoad(t, s.e, 12, 6)
	s.load.wantMore(t, 100)
	return s
}

// drawSeed returns the seed of what a storm leaves to chance.
func drawSeed() uint64 {
	if *stormSeed != 0 {
		return *stormSeed
	}
	return uint64(time.Now().UnixNano())
}

// pause waits up to so many milliseconds.
func (s *killStorm) pause(ms int) { time.Sleep(time.Duration(s.rand.IntN(ms*1000)) * time.Microsecond) }

// replace starts a secondary. There is one at a time that is doomed: otherwise there might come a moment with nobody to serve.
func (s *killStorm) replace() {
	s.t.Helper()
	var d *doom
	if s.rand.IntN(4) > 0 && !s.doomed() {
		d = drawDoom(s.rand)
	}
	s.serve(s.launch(httpd, d))
}

func (s *killStorm) doomed() bool {
	for _, p := range s.live {
		if p.doom != nil {
			return true
		}
	}
	return false
}

// serve waits until the latest secondary takes part in the traffic, or its doom has come.
func (s *killStorm) serve(p *instance) {
	s.t.Helper()
	if !p.AwaitLog("serves") {
		s.buried(p)
		s.early++
		return
	}
	err := p.enlist(s.t.Context(), s.tool)
	if err == nil {
		s.live = append(s.live, p)
		return
	}
	if p.doom == nil {
		s.t.Fatal(err)
	}
	s.awaitDoom(p)
}

// end ends a secondary that serves.
func (s *killStorm) end(victim *instance) {
	s.t.Helper()
	if victim.doom != nil {
		s.awaitDoom(victim)
		return
	}
	s.kill(victim)
}

// kill kills a secondary and waits until the primary has everything back.
func (s *killStorm) kill(victim *instance) {
	s.t.Helper()
	victim.ended = time.Now()
	victim.Kill()
	s.settle(victim)
}

// awaitDoom waits until a secondary has killed itself.
func (s *killStorm) awaitDoom(victim *instance) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	select {
	case <-victim.Exited():
		s.buried(victim)
	case <-ctx.Done():
		s.t.Fatalf("proc %d has not come to passage %d of step %d:\n%s", victim.proc, victim.doom.passage, victim.doom.step, victim.Dump())
	}
}

// buried takes note of a secondary that has killed itself.
func (s *killStorm) buried(victim *instance) {
	s.t.Helper()
	if err := victim.bury(); err != nil {
		s.t.Fatal(err)
	}
	s.settle(victim)
}

// settle waits until the primary has everything back.
func (s *killStorm) settle(victim *instance) {
	s.t.Helper()
	s.kills++
	for i, p := range s.live {
		if p == victim {
			s.live = append(s.live[:i], s.live[i+1:]...)
			break
		}
	}
	s.slowest = max(s.slowest, awaitBalance(s.t, s.tool, victim.Cmd.Process.Pid))
}

// judgeAll fails the test for each failure that is not the death of the secondary that had taken the connection.
func (s *killStorm) judgeAll() {
	s.t.Helper()
	for _, p := range s.live {
		if p.doom != nil && p.gone() { // and nobody has noticed yet
			s.buried(p)
		}
	}
	failures := s.load.failed()
	for _, f := range failures {
		if err := s.judge(f, httpd); err != nil {
			s.t.Errorf("%v: %v", f, err)
		}
	}
	if n := s.kills - s.early; len(failures) < n {
		s.t.Errorf("%d kills were felt by %d connections only: was there traffic?", n, len(failures))
	}
	if n := s.witness.missed(); n > 0 {
		s.t.Errorf("the witness has missed %d frames", n)
	}
}

var mbufsBack = regexp.MustCompile(`secondary is gone.* mbufs_back=(\d+)`)

func (s *killStorm) report(took time.Duration) {
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
	for step, n := range s.deaths() {
		if n == 0 && s.kills >= 200 {
			s.t.Errorf("nobody died at step %d, %s", step, ringSteps[step])
		}
	}
	s.t.Logf("%d kills in %v, %d of them while attaching; %s", s.kills, took.Round(time.Millisecond), s.early, s.tellDeaths())
	s.t.Logf("%d requests, %.0f/s, on %d connections", l.requests.Load(), float64(l.requests.Load())/took.Seconds(), l.connections.Load())
	s.t.Logf("%d connections failed, with whom they were to", len(l.failed()))
	s.t.Logf("%v at most to an exact balance; %d mbufs reclaimed", s.slowest.Round(time.Microsecond), reclaimed)
	s.t.Logf("%v at most without an answer to anybody; %v at most for a request",
		time.Duration(l.gap.Load()).Round(time.Millisecond), time.Duration(l.slowest.Load()).Round(time.Millisecond))
}
