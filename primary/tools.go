package primary

import (
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"ringstack/msg"
)

// answerTool answers a request of a tool that runs as the user uid.
func (p *Primary) answerTool(uid int, m *msg.Message) answer {
	if m.Kind == msg.KindDrain {
		return p.drainFor(uid, m)
	}
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
	a := answer{err: errStops}
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
		ID: msg.AnyProc, Role: msg.RolePrimary, Program: "ff-primary", PID: os.Getpid(), UID: os.Getuid(),
		State: "live", Uptime: time.Since(p.since).Seconds(), Ports: []string{}, Mbufs: p.owners.holds(p.owners.primary()),
	}}}
	leader, anyLeader := p.table.Leader()
	for _, pr := range procs {
		row := msg.Proc{
			ID: pr.id, Role: msg.RoleSecondary, Program: pr.peer.program, Group: pr.peer.group,
			PID: pr.peer.pid, UID: pr.peer.uid, State: pr.shownState(), Leader: anyLeader && pr.id == int(leader),
			Uptime: time.Since(pr.since).Seconds(), Ports: []string{}, Mbufs: p.owners.holds(pr.id),
		}
		for _, port := range pr.ports {
			row.Ports = append(row.Ports, portName(port))
			if p.table.Leased(uint8(pr.id), port.Port) {
				row.Ephemeral = append(row.Ephemeral, portName(port))
			}
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
			TxDropped: atomic.LoadUint64(&pr.slot.TxDropped),
		})
	}
	return rows
}
