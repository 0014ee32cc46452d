package e2e

import (
	"context"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// helm is what a storm does to the primary: one thing after the other.
type helm struct {
	*storm
	rand   *rand.Rand
	away   spans // times without a primary that serves
	outage *span // the latest
	wire   *testenv.Wire
	forger forger
}

// round does something, and comes again after it.
func (h *helm) round() {
	if h.calming {
		return
	}
	acts := []func(){h.kill, h.kill, h.kill, h.kill, h.kill, h.stop, h.stop, h.takeOver, h.takeOver, h.takeOver, h.freeze, h.freeze,
		h.starve, h.muzzle, h.hoard}
	acts[h.rand.IntN(len(acts))]()
}

// upTo returns a time up to so many milliseconds.
func upTo(r *rand.Rand, ms int) time.Duration {
	return time.Duration(r.IntN(ms*1000)) * time.Microsecond
}

// goes notes that the primary serves no more from now on. What it has counted is looked at before.
func (h *helm) goes() {
	h.wantNoViolation()
	h.tool.Close()
	h.tool, h.seen = nil, nil
	h.outage = h.away.begin()
}

// kill kills the primary and starts another.
func (h *helm) kill() {
	h.note("primary killed", "pid %d", h.e.Primary.Cmd.Process.Pid)
	h.goes()
	h.e.Kill()
	h.after(upTo(h.rand, 200), func() { h.start() })
}

// stop stops the primary in order and starts another.
func (h *helm) stop() {
	h.note("primary stopped", "pid %d", h.e.Primary.Cmd.Process.Pid)
	h.goes()
	p := h.e.Primary
	p.Cmd.Process.Signal(syscall.SIGTERM)
	h.awaitEnd(p, func() { h.after(upTo(h.rand, 200), func() { h.start() }) })
}

// awaitEnd waits until a primary has stopped in order.
func (h *helm) awaitEnd(p *testenv.Process, then func()) {
	h.when("the primary stops", func() bool { return ended(p) }, func() {
		if err := p.Stop(); err != nil {
			h.t.Errorf("the primary stopped with %v:\n%s", err, p.Log())
		}
		then()
	})
}

func ended(p *testenv.Process) bool {
	select {
	case <-p.Exited():
		return true
	default:
		return false
	}
}

// takeOver starts a primary that takes over; one that does not get far enough is followed by another. The old one may be killed meanwhile.
func (h *helm) takeOver() {
	old := h.e.Primary
	h.note("primary taken over from", "pid %d", old.Cmd.Process.Pid)
	h.goes()
	if h.rand.IntN(4) == 0 {
		h.after(upTo(h.rand, 200), func() {
			if !ended(old) {
				h.note("primary killed while taken over from", "pid %d", old.Cmd.Process.Pid)
				old.Kill()
			}
		})
		h.start("--takeover")
		return
	}
	h.start("--takeover")
	h.awaitEnd(old, func() {})
}

// start starts a primary. Some are killed before they serve, and followed by another.
func (h *helm) start(flags ...string) {
	h.e.LaunchPrimary(flags...)
	p := h.e.Primary
	if h.rand.IntN(5) == 0 && !h.calming {
		h.after(upTo(h.rand, 300), func() {
			h.note("primary killed while starting", "pid %d", p.Cmd.Process.Pid)
			p.Kill()
			h.start(flags...)
		})
		return
	}
	serves := func() bool { return strings.Contains(p.Log(), testenv.Ready) }
	h.when("the primary serves", func() bool { return serves() || ended(p) }, func() {
		if !serves() {
			h.t.Fatalf("the primary does not start:\n%s", p.Log())
		}
		h.back()
	})
}

// freeze stops the primary with SIGSTOP for a while.
func (h *helm) freeze() {
	h.note("primary frozen", "")
	h.goes()
	p := h.e.Primary.Cmd.Process
	p.Signal(syscall.SIGSTOP)
	h.after(upTo(h.rand, 600), func() {
		p.Signal(syscall.SIGCONT)
		h.back()
	})
}

// connect connects to the primary as a tool.
func (h *helm) connect() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), agendaPatience)
	defer cancel()
	tool, _, err := msg.Dial(ctx, h.e.Socket, msg.Hello{Role: msg.RoleTool})
	if err != nil {
		h.hang("a connection to the primary: " + err.Error())
	}
	h.tool = tool
	h.t.Cleanup(tool.Close)
}

// back goes on once the primary serves.
func (h *helm) back() {
	h.connect()
	took := h.outage.end()
	h.note("primary serves", "again after %v", round(took))
	if h.rand.IntN(6) == 0 && !h.calming {
		h.after(upTo(h.rand, 60), h.round) // whatever is under way
		return
	}
	h.proceed()
}

// proceed goes on once everything works.
func (h *helm) proceed() {
	since := time.Now()
	h.when("all secondaries are back", h.allBack, func() {
		h.slowest.back = max(h.slowest.back, time.Since(since))
		h.when("all connections go on", func() bool { return h.goesOn(since) }, func() {
			h.note("all goes on", "after %v", round(time.Since(since)))
			h.after(upTo(h.rand, 800), h.round)
		})
	})
}

// allBack reports whether all secondaries serve that can.
func (h *helm) allBack() bool {
	ps := h.ps()
	if ps == nil {
		return false
	}
	states := make(map[int]string)
	for _, p := range ps.Procs {
		states[p.PID] = p.State
	}
	for _, c := range []*crew{h.web, h.couriers} {
		for _, p := range c.live {
			if state := states[p.Cmd.Process.Pid]; (state == "" || state == "awaited") && !h.halts.halted(p) && !p.gone() {
				return false
			}
		}
	}
	return checkBalance(*ps) == nil
}

// goesOn reports whether each connection and each visitor has progressed since.
func (s *storm) goesOn(since time.Time) bool {
	for _, c := range s.long.conns {
		if s.long.start.Add(time.Duration(c.latest.Load())).Before(since) {
			return false
		}
	}
	for _, l := range []*load{s.pages, s.errands} {
		for _, v := range l.visitors {
			if l.start.Add(time.Duration(v.latest.Load())).Before(since) {
				return false
			}
		}
	}
	return true
}

// wantNoViolation checks that no secondary has broken the rules.
func (s *storm) wantNoViolation() {
	s.t.Helper()
	var stats []msg.Stat
	s.ask(msg.KindStats, nil, &stats)
	for _, stat := range stats {
		if strings.HasPrefix(stat.Name, "violation.") && stat.Value > 0 {
			s.t.Errorf("%s is %d", stat.Name, stat.Value)
		}
	}
}
