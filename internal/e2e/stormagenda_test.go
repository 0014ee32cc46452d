package e2e

import "time"

// agenda is what is to happen when. All of it happens in one goroutine, between two looks at the processes.
type agenda struct {
	plans []*plan
	hangs func(what string) // is called with what does not come; it fails the test
}

// plan is something to do at a time, or as soon as something else is so.
type plan struct {
	due   time.Time
	what  string
	ready func() bool // nil: when it is due
	late  time.Time   // for ready
	do    func()
}

// agendaPatience is how long to wait for what should take well under a second, on a machine that has other things to do.
const agendaPatience = time.Minute

// after has f called after a pause.
func (a *agenda) after(pause time.Duration, f func()) {
	a.plans = append(a.plans, &plan{due: time.Now().Add(pause), do: f})
}

// when has f called once what is described is so.
func (a *agenda) when(what string, ready func() bool, f func()) {
	a.plans = append(a.plans, &plan{what: what, ready: ready, late: time.Now().Add(agendaPatience), do: f})
}

// turn does what can be done now.
func (a *agenda) turn() {
	plans := a.plans
	a.plans = nil // for what is planned meanwhile
	for _, p := range plans {
		switch now := time.Now(); {
		case now.Before(p.due):
		case p.ready == nil || p.ready():
			p.do()
			continue
		case now.After(p.late):
			a.hangs(p.what)
		}
		a.plans = append(a.plans, p)
	}
}

// span is a time in which something was not as usual.
type span struct{ from, to time.Time } // to is zero while it lasts

func (s span) overlaps(from, to time.Time) bool {
	return s.from.Before(to) && (s.to.IsZero() || s.to.After(from))
}

// end ends it and returns how long it was.
func (s *span) end() time.Duration {
	s.to = time.Now()
	return s.to.Sub(s.from)
}

// spans are in the order of their beginning.
type spans []*span

func (s *spans) begin() *span {
	now := &span{from: time.Now()}
	*s = append(*s, now)
	return now
}

func (s spans) overlap(from, to time.Time) bool {
	for _, one := range s {
		if one.overlaps(from, to) {
			return true
		}
	}
	return false
}
