package primary

import (
	"encoding/json"
	"errors"
	"slices"
	"syscall"
	"time"

	"ringstack/msg"
	"ringstack/shm"
)

const (
	relayTimeout = 3 * time.Second // how long secondaries may take to answer a tool
	maxSysctls   = 256             // for secondaries that attach later; all fit the attach message
)

// relayed is one secondary's answer to a relayed request.
type relayed struct {
	proc    int
	payload []byte
	err     error
}

// sysctl relays a request to the secondaries over their message rings. A variable that was set in
// all of them, one at least that knows whether it is a good value, is also set in those that attach
// later.
func (p *Primary) sysctl(req msg.SysctlRequest) answer {
	payload, err := json.Marshal(req)
	if err != nil {
		return answer{err: err}
	}
	answers, err := p.relay(req.Proc, msg.KindSysctl, payload)
	if err != nil {
		return answer{err: err}
	}
	rows := []msg.SysctlRow{}
	refused := false
	for _, a := range answers {
		var part []msg.SysctlRow
		if a.err == nil {
			a.err = json.Unmarshal(a.payload, &part)
		}
		if a.err != nil {
			refused = true
			part = []msg.SysctlRow{{Name: req.Name, Error: a.err.Error(), Errno: int32(errnoOf(a.err))}}
		}
		for _, row := range part {
			row.Proc = a.proc
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b msg.SysctlRow) int { return a.Proc - b.Proc })
	if req.Value != nil && req.Proc == msg.AnyProc && !refused && len(answers) > 0 {
		p.do(func() {
			err = p.remember(shm.Sysctl{Name: req.Name, Value: *req.Value})
			p.keeper.changed()
		})
		p.keeper.wait()
	}
	return answer{rows, err}
}

// relay sends a request to the live secondary with this id, or to all, and gathers their answers.
func (p *Primary) relay(id int, kind msg.Kind, payload []byte) ([]relayed, error) {
	var asked []int
	results := make(chan relayed, len(p.procs))
	err := error(errStops)
	p.do(func() {
		var procs []*proc
		procs, err = p.selectProcs(id)
		for _, pr := range procs {
			if pr.state != stateLive {
				if id != msg.AnyProc {
					err = msg.Errorf(syscall.EAGAIN, "proc %d is %v, not live", id, pr.state)
				}
				continue
			}
			asked = append(asked, pr.id)
			done := func(payload []byte, err error) { results <- relayed{pr.id, payload, err} }
			if err := pr.request(kind, payload, done); err != nil {
				done(nil, err)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return gather(asked, results), nil
}

// gather waits for an answer of each secondary asked, and answers for those that are late.
func gather(asked []int, results <-chan relayed) []relayed {
	answers := make([]relayed, 0, len(asked))
	timeout := time.After(relayTimeout)
	for len(asked) > 0 {
		select {
		case a := <-results:
			answers = append(answers, a)
			asked = slices.DeleteFunc(asked, func(id int) bool { return id == a.proc })
		case <-timeout:
			for _, id := range asked {
				late := msg.Errorf(syscall.ETIMEDOUT, "proc %d did not answer within %v", id, relayTimeout)
				answers = append(answers, relayed{proc: id, err: late})
			}
			return answers
		}
	}
	return answers
}

// remember keeps a variable for secondaries that attach later.
func (p *Primary) remember(s shm.Sysctl) error {
	for i := range p.sysctls {
		if p.sysctls[i].Name == s.Name {
			p.sysctls[i].Value = s.Value
			return nil
		}
	}
	if len(p.sysctls) >= maxSysctls {
		return msg.Errorf(syscall.ENOBUFS, "%s is set, but not for secondaries that attach later: %d variables are kept for them already", s.Name, maxSysctls)
	}
	p.sysctls = append(p.sysctls, s)
	return nil
}

// warnUnset logs, once each, the variables that are to be set in every stack and that one has refused.
func (p *Primary) warnUnset(unset []msg.SysctlRow) {
	for _, row := range unset {
		v := shm.Sysctl{Name: row.Name, Value: row.Value}
		if !slices.Contains(p.sysctls, v) || slices.Contains(p.warned, v) {
			continue
		}
		p.warned = append(p.warned, v)
		p.log.Warn().Str("name", v.Name).Str("value", v.Value).Str("error", row.Error).Msg("the stack refuses a variable of [freebsd.sysctl]")
	}
}

// errnoOf returns the errno in err, or EIO.
func errnoOf(err error) syscall.Errno {
	errno := syscall.EIO
	errors.As(err, &errno)
	return errno
}
