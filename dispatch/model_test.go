package dispatch

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// model is a whole system at random: procs that come, listen, go and die,
// clients that connect and stay, and a primary that asks for flows and hears
// the answer late. It knows where each flow lives.
type model struct {
	t     *testing.T
	rng   *rand.Rand
	table *Table

	live    map[uint8]bool
	awaited map[uint8]bool
	drains  map[uint8]bool
	stalled map[uint8]bool
	mortal  bool     // the primary may die
	saved   Snapshot // what a primary that starts anew finds
	doubt   bool
	members map[uint16]map[uint8]bool
	flows   map[Flow]uint8
	order   []Flow // keys of flows, for choices that a seed repeats
	clients int
	asked   []answer
	running []func() (done bool) // steps of what was heard
	opened  int
}

// answer is what a proc said of its flows, on its way to the primary.
type answer struct {
	donor  Donor
	commit bool
	flows  []Flow
}

const (
	modelProcs = 6
	modelGroup = 1
)

var modelPorts = []uint16{80, 443, 8080}

func newModel(t *testing.T, seed uint64, pins int) *model {
	m := &model{
		t:       t,
		rng:     rand.New(rand.NewPCG(seed, 0)),
		table:   newTable(modelProcs, nil, pins, 64),
		live:    map[uint8]bool{},
		awaited: map[uint8]bool{},
		drains:  map[uint8]bool{},
		stalled: map[uint8]bool{},
		members: map[uint16]map[uint8]bool{},
		flows:   map[Flow]uint8{},
	}
	for _, port := range modelPorts {
		m.members[port] = map[uint8]bool{}
	}
	return m
}

func (m *model) step() {
	proc := uint8(m.rng.IntN(modelProcs))
	port := modelPorts[m.rng.IntN(len(modelPorts))]
	switch op := m.rng.IntN(1000); {
	case op < 20:
		m.join(proc)
	case op < 25:
		m.die(proc)
		m.save()
	case op < 60:
		m.listen(port, proc)
		m.save()
	case op < 80:
		if !m.awaited[proc] {
			m.table.Unlisten(ProtoTCP, port, proc)
			delete(m.members[port], proc)
			m.save()
		}
	case op < 83:
		m.drain(proc)
		m.save()
	case op < 85:
		m.seal(proc)
	case op < 90:
		m.stall(proc, m.rng.IntN(3) == 0)
	case op < 120:
		m.ask()
	case op < 140:
		m.askPinned(proc)
	case op < 170:
		m.hear()
	case op < 240:
		m.goOn()
	case op < 500:
		m.syn(port)
	case op < 560:
		m.close()
	default:
		m.segment()
	}
}

func (m *model) join(proc uint8) {
	if m.awaited[proc] {
		m.resume(proc)
		return
	}
	m.table.Join(proc)
	m.live[proc] = true
	m.save()
}

func (m *model) die(proc uint8) {
	m.table.Leave(proc)
	for _, set := range []map[uint8]bool{m.live, m.awaited, m.drains, m.stalled} {
		delete(set, proc)
	}
	for _, set := range m.members {
		delete(set, proc)
	}
	m.forget(func(f Flow) bool { return m.flows[f] == proc })
	m.asked = slices.DeleteFunc(m.asked, func(a answer) bool { return a.donor.Proc == proc && m.rng.IntN(2) == 0 })
	if m.table.Pinned(proc) != 0 || slices.Contains(m.table.Live(), proc) {
		m.t.Fatalf("proc %d is gone, with %d pins", proc, m.table.Pinned(proc))
	}
}

func (m *model) forget(gone func(Flow) bool) {
	m.order = slices.DeleteFunc(m.order, func(f Flow) bool {
		if !gone(f) {
			return false
		}
		delete(m.flows, f)
		return true
	})
}

func (m *model) listen(port uint16, proc uint8) {
	if m.awaited[proc] {
		return
	}
	err := m.table.Listen(ProtoTCP, port, modelGroup, proc)
	if ok := m.live[proc] && !m.members[port][proc]; ok != (err == nil) {
		m.t.Fatalf("Listen(%d, %d) = %v", port, proc, err)
	}
	if err == nil {
		m.members[port][proc] = true
	}
}

func (m *model) flowsOf(proc uint8) []Flow {
	return slices.DeleteFunc(slices.Clone(m.order), func(f Flow) bool { return m.flows[f] != proc })
}

func (m *model) ask() {
	for _, d := range m.table.Donors() {
		if !m.stalled[d.Proc] && m.rng.IntN(2) == 0 {
			m.asked = append(m.asked, answer{d, true, m.flowsOf(d.Proc)})
		}
	}
}

func (m *model) askPinned(proc uint8) {
	if m.live[proc] && !m.stalled[proc] && m.table.Pinned(proc) > 0 {
		d := Donor{Proc: proc, Stamp: m.table.Stamp()}
		m.asked = append(m.asked, answer{d, false, m.flowsOf(proc)})
	}
}

// hear hands over one answer, not always the oldest.
func (m *model) hear() {
	if len(m.asked) == 0 {
		return
	}
	i := m.rng.IntN(min(len(m.asked), 3))
	a := m.asked[i]
	m.asked = slices.Delete(m.asked, i, i+1)
	if !a.commit {
		sweep := m.table.Sweep(a.donor.Proc, claims(a.flows, false), a.donor.Stamp)
		m.running = append(m.running, func() bool { return sweep.Step(1 + m.rng.IntN(50)) })
		return
	}
	commit := m.table.Commit(a.donor, claims(a.flows, false))
	m.running = append(m.running, func() bool {
		done := commit.Step(1 + m.rng.IntN(50))
		if done && m.rng.IntN(2) == 0 { // else the primary dies before it is written
			m.save()
		}
		return done
	})
}

// goOn does a step of one of the answers.
func (m *model) goOn() {
	if len(m.running) == 0 {
		return
	}
	i := m.rng.IntN(len(m.running))
	if m.running[i]() {
		m.running = slices.Delete(m.running, i, i+1)
	}
}

// syn opens a flow that has never been there.
func (m *model) syn(port uint16) {
	m.clients++
	f := Flow{Local: addr(us4), Remote: addr(peer4), LocalPort: port, RemotePort: uint16(m.clients), Proto: ProtoTCP}
	f.Remote[14] = byte(m.clients >> 16)
	v := send(m.table, f, true)
	switch {
	case v == drop(ReasonHeldOff):
		m.wantUnsure()
	case len(m.live) == 0:
		if v != drop(ReasonNoSecondary) {
			m.t.Fatalf("nobody live: %+v", v)
		}
	case v == drop(ReasonDraining):
		if m.takers(port) > 0 && !m.hasSealed(f) {
			m.t.Fatalf("SYN to %d dropped, members %v, of which drain %v", port, m.members[port], m.drains)
		}
	case v == drop(ReasonPinsFull):
		if m.table.pins.room() > 0 {
			m.t.Fatal("pins are not full")
		}
	case v.Action != Deliver || !m.live[v.Proc]:
		m.t.Fatalf("SYN: %+v, live %v", v, m.live)
	case len(m.members[port]) > 0:
		if !m.members[port][v.Proc] {
			m.t.Fatalf("SYN to %d went to proc %d, members %v", port, v.Proc, m.members[port])
		}
		m.checkFit(port, v.Proc)
		m.flows[f] = v.Proc
		m.order = append(m.order, f)
		m.opened++
	}
}

func (m *model) close() {
	if len(m.order) == 0 {
		return
	}
	ended := m.order[m.rng.IntN(len(m.order))]
	m.forget(func(f Flow) bool { return f == ended })
}

func (m *model) segment() {
	if len(m.order) > 0 {
		m.checkFlow(m.order[m.rng.IntN(len(m.order))])
	}
}

func (m *model) checkFlow(f Flow) {
	want := deliver(m.flows[f])
	if m.awaited[m.flows[f]] {
		want = drop(ReasonHeldOff)
	}
	if v := send(m.table, f, false); v != want {
		m.t.Fatalf("segment of a flow of proc %d, awaited: %v: %+v (flow %v)", m.flows[f], m.awaited[m.flows[f]], v, f)
	}
}

// check holds what must be true after any step.
func (m *model) check() {
	t := m.table
	var pending [MaxProcs]int
	for _, e := range t.owned {
		for i := range NumBuckets {
			owner, next := e.owner[i], e.next[i]
			if owner != none && !m.knows(owner) || next != none && !m.knows(next) {
				m.t.Fatalf("port %d bucket %d: %d -> %d, live %v, awaited %v", e.number, i, owner, next, m.live, m.awaited)
			}
			if e.moving(i) {
				pending[owner]++
			}
			if len(e.members) > 0 && (owner == none || !e.has(next) || !slices.Contains(t.takers(e), next)) {
				m.t.Fatalf("port %d bucket %d: %d -> %d, members %v, of which drain %v", e.number, i, owner, next, e.members, m.drains)
			}
		}
		if e.solo != none && (pendingOf(e) > 0 || e.owner != filled(e.solo)) {
			m.t.Fatalf("port %d has not one owner", e.number)
		}
	}
	if pending != t.pending || t.pins.len() > t.pins.max {
		m.t.Fatalf("pending %v, counted %v; pins %d of %d", pending[:modelProcs], t.pending[:modelProcs], t.pins.len(), t.pins.max)
	}
}

func pendingOf(e *ownedPort) (n int) {
	for i := range NumBuckets {
		if e.moving(i) {
			n++
		}
	}
	return n
}

func filled(proc uint8) (b [NumBuckets]uint8) {
	for i := range b {
		b[i] = proc
	}
	return b
}

// finish lets everything come to rest.
func (m *model) finish(ample bool) {
	m.allBack()
	for proc := range uint8(modelProcs) {
		m.stall(proc, false)
	}
	for range 3 {
		for _, d := range slices.Clone(m.table.Donors()) {
			commit(m.table, d, m.flowsOf(d.Proc))
		}
		for proc := range uint8(modelProcs) {
			sweep(m.table, proc, m.flowsOf(proc), m.table.Stamp())
		}
	}
	m.check()
	for _, f := range m.order {
		m.checkFlow(f)
	}
	if !ample {
		return
	}
	if m.table.moving != 0 || m.table.bucketsKept != 0 {
		m.t.Errorf("%d buckets moving, %d kept", m.table.moving, m.table.bucketsKept)
	}
	for _, e := range m.table.owned {
		checkEven(m.t, e, m.table.takers(e))
	}
}

// TestModel: a segment of a flow always reaches the proc that has the flow, and
// a new flow starts only at a live listener, whatever comes and goes.
func TestModel(t *testing.T) {
	for _, pins := range []int{4, 64, 8192} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("pins=%d/seed=%d", pins, seed), func(t *testing.T) {
				m := newModel(t, seed, pins)
				for range 6000 {
					m.step()
					m.check()
				}
				if m.opened < 500 {
					t.Errorf("only %d flows were opened", m.opened)
				}
				m.finish(pins > 1000)
			})
		}
	}
}
