package primary

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"ringstack/msg"
	"ringstack/shm"
)

// relayTimeout is how long secondaries may take to answer a tool.
const relayTimeout = 3 * time.Second

// answerTool answers a tool's request.
func (p *Primary) answerTool(m *msg.Message) answer {
	if m.Kind == msg.KindSysctl {
		var req msg.SysctlRequest
		if err := m.Decode(&req); err != nil {
			return answer{err: msg.Errorf(syscall.EINVAL, "%v", err)}
		}
		return p.sysctl(req)
	}
	req := msg.ProcRequest{Proc: msg.AnyProc}
	if len(m.Payload) > 0 {
		if err := m.Decode(&req); err != nil {
			return answer{err: msg.Errorf(syscall.EINVAL, "%v", err)}
		}
	}
	show := map[msg.Kind]func([]*proc) any{
		msg.KindPs: p.showPs, msg.KindTop: p.showTop, msg.KindTraffic: p.showTraffic, msg.KindStats: p.showStats,
	}[m.Kind]
	if show == nil {
		return answer{err: msg.Errorf(syscall.ENOSYS, "a tool cannot ask for %v", m.Kind)}
	}
	a := answer{err: msg.Errorf(syscall.ESHUTDOWN, "the primary stops")}
	p.do(func() {
		var procs []*proc
		if procs, a.err = p.selectProcs(req.Proc); a.err == nil {
			a.payload = show(procs)
		}
	})
	return a
}

// selectProcs returns the attached secondary with this id, or all that are attached.
func (p *Primary) selectProcs(id int) ([]*proc, error) {
	attached := slices.DeleteFunc(slices.Clone(p.procs), func(pr *proc) bool {
		return pr.state == stateFree || id != msg.AnyProc && pr.id != id
	})
	if id != msg.AnyProc && len(attached) == 0 {
		return nil, msg.Errorf(syscall.ESRCH, "no secondary has proc id %d", id)
	}
	return attached, nil
}

func (p *Primary) showPs(procs []*proc) any {
	reply := msg.PsReply{Procs: []msg.Proc{{
		ID: msg.AnyProc, Role: "primary", Program: "ff-primary", PID: os.Getpid(), UID: os.Getuid(),
		State: "live", Uptime: time.Since(p.since).Seconds(), Ports: []string{},
	}}}
	leader := int(atomic.LoadInt32(&p.header.Leader))
	for _, pr := range procs {
		row := msg.Proc{
			ID: pr.id, Role: msg.RoleSecondary, Program: pr.session.peer.program, Group: pr.session.peer.group,
			PID: pr.session.peer.pid, UID: pr.session.peer.uid, State: pr.state.String(), Leader: pr.id == leader,
			Uptime: time.Since(pr.since).Seconds(), Ports: []string{}, Mbufs: p.owners.holds(pr.id),
		}
		for _, port := range pr.ports {
			row.Ports = append(row.Ports, portName(port))
		}
		reply.Procs = append(reply.Procs, row)
	}
	reply.Pools = p.balance()
	return reply
}

func portName(port msg.PortRequest) string {
	if port.Proto == syscall.IPPROTO_UDP {
		return fmt.Sprintf("udp/%d", port.Port)
	}
	return fmt.Sprintf("tcp/%d", port.Port)
}

// balance says where the mbufs of each pool are.
func (p *Primary) balance() []msg.Pool {
	var pools []msg.Pool
	for _, pool := range p.pools {
		held := p.owners.heldOf(pool.Addr())
		free := pool.Available()
		pools = append(pools, msg.Pool{
			Name: pool.Name(), Size: pool.Size(), Free: free, NIC: pool.Size() - free - held, Held: held,
		})
	}
	return pools
}

func (p *Primary) showTop(procs []*proc) any {
	rows := []msg.TopRow{}
	for _, pr := range procs {
		sys, usr := atomic.LoadUint64(&pr.slot.SysNS), atomic.LoadUint64(&pr.slot.UsrNS)
		rows = append(rows, msg.TopRow{
			Proc: pr.id, Loops: atomic.LoadUint64(&pr.slot.Loops), Sys: sys, Usr: usr,
			Idle: uint64(max(time.Since(pr.since)-time.Duration(sys)-time.Duration(usr), 0)),
		})
	}
	return rows
}

func (p *Primary) showTraffic(procs []*proc) any {
	rows := []msg.TrafficRow{}
	for _, pr := range procs {
		rows = append(rows, msg.TrafficRow{
			Proc:      pr.id,
			RxPackets: pr.count.rxPackets, RxBytes: pr.count.rxBytes,
			TxPackets: pr.count.txPackets, TxBytes: pr.count.txBytes,
			RxDropped: pr.count.rxRingFull + pr.count.rxQuota,
			TxDropped: atomic.LoadUint64(&pr.slot.TxNoMbuf) + atomic.LoadUint64(&pr.slot.TxFull),
		})
	}
	return rows
}

// sysctl relays a request to the secondaries over their message rings. A variable that was set in
// all of them is also set in those that attach later.
func (p *Primary) sysctl(req msg.SysctlRequest) answer {
	type result struct {
		proc int
		rows []msg.SysctlRow
		err  error
	}
	payload, err := json.Marshal(req)
	if err != nil {
		return answer{err: err}
	}
	var asked []*proc
	results := make(chan result, len(p.procs))
	a := answer{err: msg.Errorf(syscall.ESHUTDOWN, "the primary stops")}
	p.do(func() {
		asked, a.err = p.selectProcs(req.Proc)
		asked = slices.DeleteFunc(asked, func(pr *proc) bool { return pr.state != stateLive })
		for _, pr := range asked {
			id := pr.id
			done := func(payload []byte, err error) {
				r := result{proc: id, err: err}
				if err == nil {
					r.err = json.Unmarshal(payload, &r.rows)
				}
				results <- r
			}
			if err := pr.request(msg.KindSysctl, payload, done); err != nil {
				results <- result{proc: id, err: err}
			}
		}
	})
	if a.err != nil {
		return a
	}
	rows := []msg.SysctlRow{}
	failed := false
	timeout := time.After(relayTimeout)
	for range asked {
		select {
		case r := <-results:
			for _, row := range r.rows {
				row.Proc = r.proc
				rows = append(rows, row)
			}
			if r.err != nil {
				failed = true
				rows = append(rows, msg.SysctlRow{Proc: r.proc, Name: req.Name, Error: r.err.Error()})
			}
		case <-timeout:
			return answer{err: msg.Errorf(syscall.ETIMEDOUT, "a secondary did not answer within %v", relayTimeout)}
		}
	}
	slices.SortStableFunc(rows, func(a, b msg.SysctlRow) int { return a.Proc - b.Proc })
	if req.Value != nil && req.Proc == msg.AnyProc && !failed {
		p.do(func() { p.remember(shm.Sysctl{Name: req.Name, Value: *req.Value}) })
	}
	return answer{payload: rows}
}

// remember keeps a variable for secondaries that attach later.
func (p *Primary) remember(s shm.Sysctl) {
	for i := range p.sysctls {
		if p.sysctls[i].Name == s.Name {
			p.sysctls[i].Value = s.Value
			return
		}
	}
	p.sysctls = append(p.sysctls, s)
}
