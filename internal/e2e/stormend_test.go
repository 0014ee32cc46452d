package e2e

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// judgeAfter is how old a failure is when it is judged: whatever has caused it is known then.
const judgeAfter = 5 * time.Second

// judgeNew judges what has failed.
func (s *storm) judgeNew() {
	s.t.Helper()
	if s.tools != nil {
		s.tools.judge(judgeAfter)
	}
	s.judgeFailures(s.pages, httpd, judgeAfter)
	s.judgeFailures(s.errands, courier, judgeAfter)
}

// judgeFailures fails the test for each failure, at least so old, that is not the end of the secondary which had taken the connection.
func (s *storm) judgeFailures(l *load, program string, age time.Duration) {
	s.t.Helper()
	if l == nil {
		return
	}
	failures := l.failed()
	for ; l.judged < len(failures) && time.Since(failures[l.judged].at) >= age; l.judged++ {
		f := failures[l.judged]
		err := s.judge(f, program)
		if err == nil {
			continue
		}
		text := fmt.Sprintf("at %.3f: %v: %v", f.at.Sub(s.begun).Seconds(), f, err)
		var timeout net.Error
		if errors.As(f.err, &timeout) && timeout.Timeout() {
			s.hang(text)
		}
		s.t.Error(text)
	}
}

// calm lets everything come to an end that is under way, with as many secondaries as in the beginning.
func (s *storm) calm() {
	s.t.Helper()
	s.calming = true
	s.settle()
	for _, p := range s.web.live {
		if p.doom != nil {
			s.when("a doomed secondary dies", p.gone, func() {})
		}
	}
	s.settle()
	s.muster(s.couriers, 2, s.couriers.drain)
	s.muster(s.web, 3, s.web.leave)
	s.helm.proceed()
	s.settle()
	s.tools.stop()
}

// wantAsBefore checks that those which were there in the beginning have what they had.
func (s *storm) wantAsBefore() {
	s.t.Helper()
	s.helm.wantNoViolation()
	s.now = takeCensus(s.t, s.e, s.survivors())
	s.before.wantSame(s.t, s.now)
}

// farewell ends all traffic and all processes, in order.
func (s *storm) farewell() {
	s.t.Helper()
	s.pages.stop()
	s.errands.stop()
	s.long.finish()
	s.tools.judge(0)
	s.judgeFailures(s.pages, httpd, 0)
	s.judgeFailures(s.errands, courier, 0)
	if n := s.witness.missed(); n > 0 {
		s.t.Errorf("the witness has missed %d frames", n)
	}
	for _, c := range []*crew{s.web, s.couriers} {
		for _, p := range c.live {
			if err := p.Stop(); err != nil {
				s.t.Errorf("pid %d stopped with %v", p.Cmd.Process.Pid, err)
			}
		}
	}
	if err := s.e.Primary.Stop(); err != nil {
		s.t.Errorf("the primary stopped with %v", err)
	}
	wantNothingLeft(s.t, s.e)
}
