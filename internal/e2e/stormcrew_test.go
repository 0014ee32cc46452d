package e2e

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// crew is the secondaries of a program, which come and go.
type crew struct {
	*storm
	rand    *rand.Rand
	program string
	args    []string

	joining *instance   // launched, and does not serve yet; nil: nobody
	live    []*instance // that serve
	leaving []*instance // that were asked to go
}

// join starts a secondary, with a doom or none.
func (c *crew) join(d *doom) {
	p := c.launch(c.program, d, c.args...)
	c.joining = p
	c.note(c.program[strings.LastIndexByte(c.program, '/')+1:]+" launched", "pid %d", p.Cmd.Process.Pid)
	c.when("a secondary serves", func() bool { return p.gone() || strings.Contains(p.Log(), "serves") && c.serves(p) }, func() {
		if !p.gone() {
			c.welcome(p)
		}
	})
}

// serves reports whether the primary says that a secondary serves.
func (s *storm) serves(p *instance) bool {
	ps := s.ps()
	return ps != nil && slices.ContainsFunc(ps.Procs, func(row msg.Proc) bool {
		return row.PID == p.Cmd.Process.Pid && row.State != "attaching" && row.State != "awaited"
	})
}

// welcome has a secondary take part. One that dies just then is found by look.
func (c *crew) welcome(p *instance) {
	ctx, cancel := context.WithTimeout(c.t.Context(), agendaPatience)
	defer cancel()
	switch err := p.enlist(ctx, c.tool); {
	case err == nil:
		c.joining = nil
		c.live = append(c.live, p)
	case p.doom != nil:
		c.when("a doomed secondary dies", p.gone, func() {})
	default:
		c.t.Errorf("pid %d: %v", p.Cmd.Process.Pid, err)
	}
}

// kill kills a secondary.
func (c *crew) kill(p *instance, when string) {
	c.note("secondary killed "+when, "pid %d", p.Cmd.Process.Pid)
	p.ended = time.Now()
	p.Process.Kill()
	c.forget(p)
	c.awaitBack(p.Process, p.ended, func() {})
}

// leave asks a web server to end.
func (c *crew) leave(p *instance) {
	c.note("secondary stopped", "pid %d", p.Cmd.Process.Pid)
	p.ended, p.inOrder = time.Now(), true
	c.forget(p)
	c.leaving = append(c.leaving, p)
	p.Cmd.Process.Signal(syscall.SIGTERM)
	c.when("a secondary stops", p.gone, func() {})
}

// drain has a tool drain a courier.
func (c *crew) drain(p *instance) {
	c.note("secondary drained", "pid %d", p.Cmd.Process.Pid)
	c.forget(p)
	c.leaving = append(c.leaving, p)
	c.askDrain(p, false)
}

// askDrain asks, again when the primary went before it answered: it may have told the courier.
func (c *crew) askDrain(p *instance, again bool) {
	c.when("a secondary can be drained", func() bool { return p.gone() || c.serves(p) }, func() {
		if p.gone() {
			return
		}
		since := time.Now()
		tool := c.e.Run(testenv.Command{
			Path: testenv.Build(c.t, "ringstack/tools/ff"), Args: []string{"drain", "-p", strconv.Itoa(p.proc), "--timeout", "60"},
			Env: []string{"FF_SOCKET=" + c.e.Socket},
		})
		c.when("ff drain ends", func() bool { return ended(tool) }, func() {
			switch err := tool.Stop(); {
			case err == nil, again && strings.Contains(tool.Log(), "ff: no secondary has proc id "):
				c.when("a drained secondary ends", p.gone, func() {})
			case c.helm.away.overlap(since, time.Now()):
				c.askDrain(p, true)
			default:
				c.t.Errorf("drain pid %d: %v:\n%s", p.Cmd.Process.Pid, err, tool.Log())
			}
		})
	})
}

func (c *crew) forget(p *instance) {
	if c.joining == p {
		c.joining = nil
	}
	same := func(other *instance) bool { return other == p }
	c.live = slices.DeleteFunc(c.live, same)
	c.leaving = slices.DeleteFunc(c.leaving, same)
}

// look takes note of secondaries that have ended.
func (c *crew) look() {
	for _, p := range slices.Clone(c.leaving) {
		if p.gone() {
			if err := p.Stop(); err != nil {
				c.t.Errorf("pid %d stopped with %v:\n%s", p.Cmd.Process.Pid, err, p.Log())
			}
			c.forget(p)
			c.awaitBack(p.Process, time.Now(), func() {})
		}
	}
	for _, p := range append([]*instance{c.joining}, c.live...) {
		if p == nil || !p.gone() {
			continue
		}
		if err := p.bury(); err != nil {
			c.t.Error(err)
		} else {
			c.note("secondary died in a ring operation", "pid %d, %s, passage %d", p.Cmd.Process.Pid, ringSteps[p.doom.step], p.doom.passage)
		}
		c.forget(p)
		c.awaitBack(p.Process, p.ended, func() {})
	}
}

// plain returns those that end only when they are told to.
func (c *crew) plain() (list []*instance) {
	for _, p := range c.live {
		if p.doom == nil {
			list = append(list, p)
		}
	}
	return list
}

// serve has web servers come and go, two at least of which are not doomed.
func (c *crew) serve() {
	if c.calming {
		return
	}
	plain := c.plain()
	victim := func() *instance { return plain[c.rand.IntN(len(plain))] }
	switch n := c.rand.IntN(20); {
	case c.joining != nil && c.joining.doom == nil && n < 3:
		c.kill(c.joining, "while attaching")
	case c.joining == nil && len(c.live) < 6 && (n < 5 || len(plain) < 3):
		c.join(nil)
	case c.joining == nil && len(c.live) < 6 && n < 10:
		c.join(drawDoom(c.rand))
	case len(plain) > 2 && n < 17:
		c.kill(victim(), "at a random moment")
	case len(plain) > 2:
		c.leave(victim())
	}
	c.after(upTo(c.rand, 400), c.serve)
}

// relieve has couriers join those that stay, and drain.
func (c *crew) relieve() {
	if c.calming {
		return
	}
	switch guests := c.live[2:]; {
	case len(guests) > 0 && (len(guests) == 2 || c.rand.IntN(2) == 0):
		c.drain(guests[c.rand.IntN(len(guests))])
	case c.joining == nil:
		c.join(nil)
	}
	c.after(upTo(c.rand, 2000), c.relieve)
}

// unseen is for how long a process may have ended before that is seen.
const unseen = 200 * time.Millisecond

// awaitBack waits until the primary has everything back that a process had which ended at a time.
func (s *storm) awaitBack(p *testenv.Process, since time.Time, then func()) {
	unrest := s.unrest.begin()
	unrest.from = since.Add(-unseen)
	s.when("everything is back that a secondary had", func() bool {
		ps := s.ps()
		if ps == nil || checkBalance(*ps) != nil {
			return false
		}
		for _, other := range ps.Procs {
			if other.PID == p.Cmd.Process.Pid {
				return false
			}
		}
		return true
	}, func() {
		unrest.end()
		if !s.helm.away.overlap(since, time.Now()) {
			s.slowest.balance = max(s.slowest.balance, time.Since(since))
		}
		then()
	})
}
