package primary

import (
	"fmt"
	"sync/atomic"

	"ringstack/dispatch"
	"ringstack/msg"
)

// showStats lists every counter and level of the primary: those of the ports, drops by reason,
// violations by kind, pools, the dispatch table, and of the secondaries asked for.
func (p *Primary) showStats(procs []*proc) any {
	var s stats
	s.add("primary", "turns", p.turns)
	s.add("primary", "starved", p.starved)
	s.add("primary", "stalls", p.stalls)
	s.add("primary", "stall_kills", p.killed)
	changes, failures := p.keeper.counts()
	s.add("state", "changes", changes)
	s.add("state", "write_failures", failures)
	for _, pt := range p.ports {
		p.portStats(&s, pt)
	}
	for why := dispatch.ReasonNone + 1; int(why) < dispatch.NumReasons; why++ {
		s.add("drop", why.String(), p.drops.parsed[why])
	}
	for why := range numDrops {
		s.add("drop", why.String(), p.drops.own[why])
	}
	s.add("dispatch", "user_responses", p.answered)
	for v := violationNone + 1; v < numViolations; v++ {
		s.add("violation", v.String(), p.broken[v])
	}
	for _, pool := range p.balance() {
		s.add(pool.Name, "size", uint64(pool.Size))
		s.add(pool.Name, "free", uint64(pool.Free))
		s.add(pool.Name, "nic", uint64(pool.NIC))
		s.add(pool.Name, "held", uint64(pool.Held))
	}
	table := p.table.Stats()
	s.add("dispatch", "ports", uint64(table.Ports))
	s.add("dispatch", "pins", uint64(table.Pins))
	s.add("dispatch", "awaited", uint64(p.table.Awaiting()))
	s.add("dispatch", "moving_buckets", uint64(table.Moving))
	s.add("dispatch", "kept_buckets", table.BucketsKept)
	s.add("dispatch", "detours", table.Detours)
	s.add("dispatch", "fragmented", uint64(table.Fragmented))
	s.add("dispatch", "fragments_held", uint64(table.Held))
	s.add("dispatch", "fragmented_evicted", table.FragmentsEvicted)
	for _, pr := range procs {
		p.procStats(&s, pr)
	}
	return s.list
}

func (p *Primary) portStats(s *stats, pt *port) {
	name := fmt.Sprintf("port%d", pt.id)
	s.add(name, "tx_refused", pt.refused)
	if basic, err := pt.id.Stats(); err == nil { // a driver without counters has none to show
		s.add(name, "rx_packets", basic.RxPackets)
		s.add(name, "rx_bytes", basic.RxBytes)
		s.add(name, "tx_packets", basic.TxPackets)
		s.add(name, "tx_bytes", basic.TxBytes)
		s.add(name, "rx_missed", basic.RxMissed)
		s.add(name, "rx_errors", basic.RxErrors)
		s.add(name, "tx_errors", basic.TxErrors)
		s.add(name, "rx_no_mbuf", basic.RxNoMbuf)
	}
	extended, err := pt.id.Xstats()
	if err != nil {
		return
	}
	for _, x := range extended {
		s.add(name+".xstats", x.Name, x.Value)
	}
}

func (p *Primary) procStats(s *stats, pr *proc) {
	name := fmt.Sprintf("proc%d", pr.id)
	s.add(name, "rx_packets", pr.count.rxPackets)
	s.add(name, "rx_bytes", pr.count.rxBytes)
	s.add(name, "tx_packets", pr.count.txPackets)
	s.add(name, "tx_bytes", pr.count.txBytes)
	s.add(name, "rx_ring_full", pr.count.rxRingFull)
	s.add(name, "rx_quota", pr.count.rxQuota)
	s.add(name, "tx_dropped", atomic.LoadUint64(&pr.slot.TxDropped))
	s.add(name, "tx_wait_mbuf", atomic.LoadUint64(&pr.slot.TxNoMbuf))
	s.add(name, "tx_wait_ring", atomic.LoadUint64(&pr.slot.TxFull))
	s.add(name, "not_leader", atomic.LoadUint64(&pr.slot.NotLeader))
	s.add(name, "stalls", pr.pulse.stalls)
	s.add(name, "mbufs_held", uint64(p.owners.holds(pr.id)))
	s.add(name, "pins", uint64(p.table.Pinned(uint8(pr.id))))
	if pr.state == stateAwaited { // its rings are not open
		return
	}
	for i, pt := range p.ports {
		s.add(name, fmt.Sprintf("dispatch_ring_p%d_free", pt.id), uint64(pr.rx[i].Free()))
		s.add(name, fmt.Sprintf("tx_ring_p%d_used", pt.id), uint64(pr.tx[i].Len()))
	}
}

type stats struct{ list []msg.Stat }

func (s *stats) add(of, name string, value uint64) {
	s.list = append(s.list, msg.Stat{Name: of + "." + name, Value: value})
}
