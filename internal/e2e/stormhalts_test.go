package e2e

import (
	"math/rand/v2"
	"syscall"
)

// halts stops secondaries with SIGSTOP for a while, one of a crew at a time.
type halts struct {
	*storm
	rand *rand.Rand
	now  []*instance
}

func (h *halts) round() {
	if h.calming {
		return
	}
	c := []*crew{h.web, h.couriers}[h.rand.IntN(2)]
	var may []*instance
	for _, p := range c.plain() {
		if h.halted(p) {
			may = nil
			break
		}
		may = append(may, p)
	}
	if len(may) > 0 {
		h.halt(may[h.rand.IntN(len(may))])
	}
	h.after(upTo(h.rand, 1500), h.round)
}

// halt stops a secondary: most for a moment, some for longer than it takes to be found stalled.
func (h *halts) halt(p *instance) {
	d := upTo(h.rand, 600)
	if h.rand.IntN(6) == 0 {
		d += upTo(h.rand, 3000)
	}
	h.note("secondary halted", "pid %d for %v", p.Cmd.Process.Pid, round(d))
	unrest := h.unrest.begin()
	h.now = append(h.now, p)
	p.Cmd.Process.Signal(syscall.SIGSTOP) // fails only when it has ended
	h.after(d, func() {
		p.Cmd.Process.Signal(syscall.SIGCONT)
		for i, other := range h.now {
			if other == p {
				h.now = append(h.now[:i], h.now[i+1:]...)
				break
			}
		}
		unrest.end()
	})
}

// halted reports whether a secondary is stopped now.
func (h *halts) halted(p *instance) bool {
	for _, other := range h.now {
		if other == p {
			return true
		}
	}
	return false
}
