package dispatch

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
)

// The model's primary is killed and starts anew with the snapshot that it has written last, with none, or with another hash. The procs
// come back one after the other, or die meanwhile.

func (m *model) knows(proc uint8) bool { return m.live[proc] || m.awaited[proc] }

// save is what the primary does when procs, ports, leases or buckets have changed. Pins that SYNs make are not written.
func (m *model) save() {
	if m.mortal {
		m.saved = m.table.Snapshot()
	}
}

// restart kills the primary.
func (m *model) restart() {
	table := newTable(modelProcs, m.table.hash, m.table.pins.max, 0)
	known := m.rng.IntN(4) > 0
	if m.rng.IntN(4) == 0 {
		table.hash = Modulo{}
		if _, was := m.table.hash.(Modulo); was {
			table.hash, _ = NewToeplitz(DefaultKey)
		}
	}
	m.doubt = m.doubt || !known || table.hash != m.table.hash
	m.asked, m.running = nil, nil
	for proc := range m.live {
		m.awaited[proc] = true
	}
	m.live, m.stalled = map[uint8]bool{}, map[uint8]bool{}
	for proc := range uint8(modelProcs) {
		if known && (m.awaited[proc] || m.inSaved(proc)) {
			table.Await(proc)
			if m.drains[proc] {
				table.Drain(proc)
			}
		}
	}
	if known {
		if err := table.Restore(&m.saved); err != nil {
			m.t.Fatal(err)
		}
	}
	table.Doubt(m.doubt)
	m.table = table
	for proc := range uint8(modelProcs) { // those that the primary finds dead
		if table.awaited[proc] && !m.awaited[proc] {
			table.Leave(proc)
		}
	}
	m.save()
}

func (m *model) inSaved(proc uint8) bool {
	return slices.ContainsFunc(m.saved.Ports, func(p PortSnapshot) bool {
		b := p.Buckets
		return slices.Contains(p.Members, proc) || p.Solo == proc || b != nil && (slices.Contains(b.Owner[:], proc) || slices.Contains(b.Next[:], proc))
	}) || slices.ContainsFunc(m.saved.Pins, func(p PinSnapshot) bool { return p.Proc == proc })
}

// resume has an awaited proc come back and say what it has.
func (m *model) resume(proc uint8) {
	m.table.Await(proc)
	for _, port := range modelPorts {
		e := m.table.ports[0][port]
		has := e != nil && e.has(proc)
		switch {
		case m.members[port][proc] && !has:
			if err := m.table.Listen(ProtoTCP, port, modelGroup, proc); err != nil {
				m.t.Fatal(err)
			}
		case !m.members[port][proc] && has:
			m.table.Unlisten(ProtoTCP, port, proc)
		}
	}
	if lost := m.table.Adopt(proc, modelGroup, claims(m.flowsOf(proc), false)); lost > 0 {
		m.forget(func(f Flow) bool {
			e := m.table.pins.find(&f)
			return m.flows[f] == proc && (e == nil || e.proc != proc)
		})
	}
	if m.drains[proc] {
		m.table.Drain(proc)
	}
	m.table.Join(proc)
	delete(m.awaited, proc)
	m.live[proc] = true
	m.settleDoubt()
	m.save()
}

// settleDoubt ends the doubt as the primary does.
func (m *model) settleDoubt() {
	if len(m.awaited) == 0 && m.doubt {
		m.doubt = false
		m.table.Doubt(false)
	}
}

// allBack ends all waiting.
func (m *model) allBack() {
	for _, proc := range slices.Sorted(maps.Keys(m.awaited)) {
		m.resume(proc)
	}
	m.settleDoubt()
}

func (m *model) wantUnsure() {
	if len(m.awaited) == 0 && !m.doubt {
		m.t.Fatal("held off, though nobody is awaited")
	}
}

// TestModelOfRestarts: whatever a primary that starts anew knows, a segment of a flow never reaches another proc than the one that has
// the flow, and reaches that one as soon as it is back.
func TestModelOfRestarts(t *testing.T) {
	for _, pins := range []int{256, 8192} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("pins=%d/seed=%d", pins, seed), func(t *testing.T) {
				m := newModel(t, seed, pins)
				m.mortal = true
				restarts := 0
				for range 6000 {
					if m.rng.IntN(100) == 0 {
						m.restart()
						restarts++
					}
					m.step()
					m.settleDoubt()
					m.check()
				}
				if m.opened < 100 || restarts < 30 {
					t.Errorf("only %d flows and %d restarts", m.opened, restarts)
				}
				m.finish(false)
			})
		}
	}
}

func TestRestoreRefusesNonsense(t *testing.T) {
	port := func(edit func(*PortSnapshot)) Snapshot {
		p := PortSnapshot{Proto: ProtoTCP, Port: 80, Group: 1, Members: []uint8{0, 1}, Solo: NoProc, Buckets: &BucketSnapshot{Owner: filled(0), Next: filled(1)}}
		edit(&p)
		return Snapshot{Ports: []PortSnapshot{p}}
	}
	flow := client(1, 80)
	for name, s := range map[string]Snapshot{
		"protocol":           port(func(p *PortSnapshot) { p.Proto = ProtoICMP }),
		"port 0":             port(func(p *PortSnapshot) { p.Port = 0 }),
		"unknown member":     port(func(p *PortSnapshot) { p.Members[1] = 2 }),
		"no member":          port(func(p *PortSnapshot) { p.Members[1] = NoProc }),
		"members twice":      port(func(p *PortSnapshot) { p.Members[1] = 0 }),
		"unknown owner":      port(func(p *PortSnapshot) { p.Buckets.Owner[255] = 7 }),
		"unknown next":       port(func(p *PortSnapshot) { p.Buckets.Next[0] = 7 }),
		"unknown only owner": port(func(p *PortSnapshot) { p.Solo, p.Buckets = 7, nil }),
		"moving UDP buckets": port(func(p *PortSnapshot) { p.Proto = ProtoUDP }),
		"port twice":         {Ports: slices.Repeat(port(func(*PortSnapshot) {}).Ports, 2)},
		"lease twice":        {Leases: []LeaseSnapshot{{10240, 0}, {10240, 1}}},
		"odd lease":          {Leases: []LeaseSnapshot{{10241, 0}}},
		"low lease":          {Leases: []LeaseSnapshot{{512, 0}}},
		"unknown lessee":     {Leases: []LeaseSnapshot{{10240, 5}}},
		"unknown pin":        {Pins: []PinSnapshot{{Claim: Claim{Flow: flow}, Proc: 5}}},
		"pin of nobody":      {Pins: []PinSnapshot{{Claim: Claim{Flow: flow}, Proc: NoProc}}},
		"pinned UDP":         {Pins: []PinSnapshot{{Claim: Claim{Flow: Flow{Proto: ProtoUDP}}}}},
	} {
		table := NewTable(4, nil, 0)
		table.Await(0)
		table.Await(1)
		if err := table.Restore(&s); err == nil || !errors.Is(err, ErrSnapshot) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLeasesAreKept has the packets of connections that a proc has opened wait for it.
func TestLeasesAreKept(t *testing.T) {
	table := NewTable(4, nil, 0)
	table.Join(1)
	first, _, err := table.Lease(1)
	if err != nil {
		t.Fatal(err)
	}
	s := table.Snapshot()
	table = NewTable(4, nil, 0)
	table.Await(1)
	if err := table.Restore(&s); err != nil {
		t.Fatal(err)
	}
	table.Join(0)
	reply := Flow{Local: addr(us4), Remote: addr(peer4), LocalPort: first + 9, RemotePort: 80, Proto: ProtoTCP}
	if v := send(table, reply, false); v != drop(ReasonHeldOff) {
		t.Errorf("while its proc is awaited: %+v", v)
	}
	if err := table.Claim(0, first); !errors.Is(err, ErrPortTaken) {
		t.Errorf("another claims the lease: %v", err)
	}
	if err := table.Claim(1, first); err != nil {
		t.Errorf("its proc claims it: %v", err)
	}
	table.Join(1)
	if v := send(table, reply, false); v != deliver(1) {
		t.Errorf("when it is back: %+v", v)
	}
	table.Unlease(0, first) // does nothing
	if got := table.Leases(1); !slices.Equal(got, []uint16{first}) {
		t.Errorf("leases %v", got)
	}
	table.Unlease(1, first)
	if err := table.Claim(0, first); err != nil {
		t.Errorf("a free lease: %v", err)
	}
}

// TestGivenUp gives what was kept for a proc to the others.
func TestGivenUp(t *testing.T) {
	table := NewTable(4, nil, 0)
	for proc := range uint8(2) {
		table.Join(proc)
		if err := table.Listen(ProtoTCP, 80, 1, proc); err != nil {
			t.Fatal(err)
		}
		commitAll(table)
	}
	s := table.Snapshot()
	table = NewTable(4, nil, 0)
	table.Await(0)
	table.Await(1)
	if err := table.Restore(&s); err != nil {
		t.Fatal(err)
	}
	if v := send(table, client(1, 80), true); v != drop(ReasonHeldOff) {
		t.Errorf("nobody is back: %+v", v)
	}
	table.Join(1)
	held := 0
	for i := range 100 {
		switch v := send(table, client(i, 80), true); v {
		case drop(ReasonHeldOff):
			held++
		case deliver(1):
		default:
			t.Fatalf("%+v", v)
		}
	}
	if held == 0 || held == 100 {
		t.Errorf("%d of 100 new flows are held off", held)
	}
	table.Leave(0)
	for i := range 100 {
		if v := send(table, client(i, 80), true); v != deliver(1) {
			t.Fatalf("after the other was given up: %+v", v)
		}
	}
	if table.Awaiting() != 0 || table.unsure {
		t.Error("somebody is still awaited")
	}
}

// TestAdoptTakesNothingFromOthers has a proc claim flows that are not its own.
func TestAdoptTakesNothingFromOthers(t *testing.T) {
	table := NewTable(4, nil, 0)
	for proc, port := range []uint16{80, 443, 8080} {
		table.Join(uint8(proc))
		if err := table.Listen(ProtoTCP, port, proc+1, uint8(proc)); err != nil {
			t.Fatal(err)
		}
	}
	first, _, err := table.Lease(0)
	if err != nil {
		t.Fatal(err)
	}
	pinned := client(1, 9)
	table.pins.put(&pinned, 0, table.stamp)
	others := []Flow{client(2, 80), client(3, first), pinned, {Proto: ProtoUDP, LocalPort: 443}}
	if lost := table.Adopt(1, 2, claims(others, false)); lost != 0 || table.Pinned(1) != 0 {
		t.Errorf("%d flows lost, %d pinned", lost, table.Pinned(1))
	}
	kept := client(5, 80)
	table.Await(2)
	table.pins.put(&kept, 2, table.stamp) // of proc 0's group
	if table.Adopt(1, 2, claims([]Flow{kept}, false)); table.Pinned(2) != 1 {
		t.Error("one of another group takes a flow that is kept for an awaited proc")
	}
	table.pins.forget(2)
	if lost := table.Adopt(3, 2, claims([]Flow{client(4, 443)}, false)); lost != 0 || table.pins.len() != 1 {
		t.Error("a proc that is neither live nor awaited adopts flows")
	}
}

// TestDetoursOutliveARestart has a primary die while a proc has stalled and others get the new flows of its buckets. None of these was written.
func TestDetoursOutliveARestart(t *testing.T) {
	table := NewTable(4, nil, 0)
	for proc := range uint8(2) {
		table.Join(proc)
		if err := table.Listen(ProtoTCP, 80, 1, proc); err != nil {
			t.Fatal(err)
		}
		commitAll(table)
	}
	table.Stall(0, true)
	s := table.Snapshot()
	var flows []Flow
	for i := range 100 {
		f, before := client(i, 80), table.Stats().Detours
		if send(table, f, true); table.Stats().Detours > before {
			flows = append(flows, f)
		}
	}
	if len(flows) == 0 {
		t.Fatal("no flow took another way")
	}
	table = NewTable(4, nil, 0)
	table.Await(0)
	table.Await(1)
	if err := table.Restore(&s); err != nil {
		t.Fatal(err)
	}
	table.Join(0)
	for _, f := range flows {
		if v := send(table, f, false); v != drop(ReasonHeldOff) {
			t.Fatalf("before its proc is back: %+v", v)
		}
	}
	table.Adopt(1, 1, claims(flows, false))
	table.Join(1)
	for _, f := range flows {
		if v := send(table, f, false); v != deliver(1) {
			t.Fatalf("when its proc is back: %+v", v)
		}
	}
}

// TestNobodyHoldsUpTheOthersForEver: a proc that comes back and gets no further, or does so later, is no reason to hold anything off.
func TestNobodyHoldsUpTheOthersForEver(t *testing.T) {
	table := NewTable(4, nil, 0)
	table.Doubt(true)
	table.Await(1)
	table.Join(0)
	if err := table.Listen(ProtoTCP, 80, 1, 0); err != nil {
		t.Fatal(err)
	}
	if v := send(table, client(1, 80), false); v != drop(ReasonHeldOff) {
		t.Errorf("in doubt: %+v", v)
	}
	for _, late := range []uint8{1, 2} {
		table.EndGrace()
		table.Await(late)
		for _, port := range []uint16{80, 81} {
			if v := send(table, client(1, port), false); v != deliver(0) {
				t.Errorf("port %d, while proc %d is awaited: %+v", port, late, v)
			}
		}
	}
	if table.Doubtful() {
		t.Error("still in doubt")
	}
}
