package primary

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"ringstack/dispatch"
	"ringstack/internal/config"
	"ringstack/msg"
	"ringstack/shm"
)

// claimOf is of a flow from an address that ends in from.
func claimOf(from byte, halfOpen bool) dispatch.Claim {
	f := dispatch.Flow{Local: [16]byte{1}, Remote: [16]byte{15: from}, LocalPort: 80, RemotePort: 9, Proto: dispatch.ProtoTCP}
	return dispatch.Claim{Flow: f, HalfOpen: halfOpen}
}

// sampleTable is what a dispatch table may have told.
func sampleTable() dispatch.Snapshot {
	b := new(dispatch.BucketSnapshot)
	for i := range b.Owner {
		b.Owner[i], b.Next[i], b.Vague[i] = uint8(i%3), uint8(i%2*2), i%7 == 0
	}
	port := dispatch.PortSnapshot{Proto: 6, Port: 80, Group: 1, Members: []uint8{0, 2}, Solo: dispatch.NoProc, Buckets: b}
	solo := dispatch.PortSnapshot{Proto: 17, Port: 53, Group: 2, Members: []uint8{1}, Solo: 1}
	return dispatch.Snapshot{
		Ports:  []dispatch.PortSnapshot{port, solo},
		Leases: []dispatch.LeaseSnapshot{{First: 10240, Proc: 2}},
		Pins: []dispatch.PinSnapshot{
			{Claim: claimOf(2, false), Proc: 2},
			{Claim: claimOf(3, true), Proc: 0},
		},
	}
}

func sampleState() *savedState {
	s := &savedState{
		Hash: "toeplitz 6d5a", Doubt: true,
		Groups: []groupState{{"web", 33}, {"dns", 0}},
		Procs:  []procState{{ID: 0, Ticket: "T", PID: 7, Start: 8, UID: 33, Program: "p", Group: "web"}},
	}
	s.setTable(sampleTable(), map[int]string{1: "web", 2: "dns"})
	return s
}

func TestStateComesBack(t *testing.T) {
	file, err := sampleState().encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := decodeState(file)
	if err != nil || !reflect.DeepEqual(s, sampleState()) {
		t.Fatalf("%+v, %v", s, err)
	}
	table, err := s.table(func(name string) int { return map[string]int{"web": 1, "dns": 2}[name] })
	if err != nil || !reflect.DeepEqual(table, sampleTable()) {
		t.Errorf("%+v, %v", table, err)
	}
}

// TestSpoiltStateIsNoState changes every byte of a file, cuts it everywhere, and adds to it.
func TestSpoiltStateIsNoState(t *testing.T) {
	file, err := sampleState().encode()
	if err != nil {
		t.Fatal(err)
	}
	for at := range file {
		bad := slices.Clone(file)
		bad[at] ^= 4
		if _, err := decodeState(bad); err == nil || !errors.Is(err, errState) {
			t.Fatalf("byte %d changed: %v", at, err)
		}
		if _, err := decodeState(file[:at]); err == nil || !errors.Is(err, errState) {
			t.Fatalf("cut at %d: %v", at, err)
		}
	}
	if _, err := decodeState(append(slices.Clone(file), ' ')); !errors.Is(err, errState) {
		t.Errorf("one byte more: %v", err)
	}
}

func TestNonsenseInState(t *testing.T) {
	for name, spoil := range map[string]func(*savedState){
		"buckets":       func(s *savedState) { s.Ports[0].Owner = s.Ports[0].Owner[1:] },
		"next buckets":  func(s *savedState) { s.Ports[0].Next = nil; s.Ports[0].Owner = nil },
		"cut pin":       func(s *savedState) { s.Pins = s.Pins[1:] },
		"pins of whom?": func(s *savedState) { s.Pinned = s.Pinned[1:] },
	} {
		s := sampleState()
		spoil(s)
		if _, err := s.table(func(string) int { return 0 }); !errors.Is(err, errState) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzState gives a primary any contents behind a right checksum.
func FuzzState(f *testing.F) {
	body, err := json.Marshal(sampleState())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := decodeState(sealState(body))
		if err != nil {
			return
		}
		p := newIdle(t, 4)
		for _, pr := range p.procs {
			pr.state = stateFree
		}
		if p.adopt(s) != nil {
			return
		}
		for id, pr := range p.procs {
			defer pr.process.close()
			if pr.state != stateFree && pr.state != stateAwaited {
				t.Errorf("proc %d is %v", id, pr.state)
			}
		}
		p.savedState()
	})
}

func TestKeeperWritesAllThatChanged(t *testing.T) {
	p := newIdle(t, 1)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p.keepState()
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for f := range p.calls {
			f()
		}
	}()
	p.procs[0].state, p.procs[0].ticket = stateLive, "first"
	p.do(p.keeper.changed)
	p.keeper.wait()
	if s, err := readState(p.keeper.path); err != nil || len(s.Procs) != 1 || s.Procs[0].Ticket != "first" {
		t.Fatalf("%+v, %v", s, err)
	}

	dir := filepath.Dir(p.keeper.path)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	p.do(func() {
		p.procs[0].ticket = "second"
		p.keeper.changed()
	})
	p.keeper.wait() // a file that cannot be written holds nobody up
	if _, failures := p.keeper.counts(); failures == 0 {
		t.Error("no failure was counted")
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if s, err := readState(p.keeper.path); err == nil && s.Procs[0].Ticket == "second" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the file was not written when it could be again")
		}
	}

	p.do(func() { p.procs[0].ticket = "last" })
	p.bequeath()
	p.do(func() {
		p.procs[0].ticket = "too late"
		p.keeper.changed()
	})
	p.keeper.wait()
	if s, err := readState(p.keeper.path); err != nil || s.Procs[0].Ticket != "last" {
		t.Errorf("%+v, %v", s, err)
	}
	close(p.ended)
	<-stopped
	close(p.calls)
	<-ended
}

// TestNothingIsBequeathedToNobody: a state stays for secondaries that live.
func TestNothingIsBequeathedToNobody(t *testing.T) {
	living := self(t, 0)
	ended := living
	ended.Start++
	for name, c := range map[string]struct {
		of   *procState
		left bool
	}{"nobody": {nil, false}, "one that has ended": {&ended, false}, "one that lives": {&living, true}} {
		p := newIdle(t, 1)
		if pr := p.procs[0]; c.of != nil {
			pr.state, pr.peer = stateLive, peer{pid: c.of.PID, start: c.of.Start}
		}
		p.bequeath()()
		if _, err := os.Stat(p.keeper.path); (err == nil) != c.left {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// saved makes the state of a primary with the secondaries given, of which 0 listens on port 80.
func saved(procs ...procState) *savedState {
	s := &savedState{Hash: "modulo", Groups: []groupState{{"web", 33}, {"old", 1}}, Procs: procs}
	s.Ports = []portState{{Proto: 6, Port: 80, Group: "web", Members: []byte{0}, Owner: []byte{0}}}
	return s
}

// self is this process as a secondary.
func self(t *testing.T, id uint8) procState {
	t.Helper()
	start, err := processStart(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return procState{ID: id, Ticket: "secret", PID: os.Getpid(), Start: start, UID: 33, Program: "p", Group: "web"}
}

// restored makes a primary that finds a state.
func restored(t *testing.T, s *savedState) *Primary {
	t.Helper()
	p := newIdle(t, 2)
	for _, pr := range p.procs {
		pr.state = stateFree
	}
	p.cfg.DPDK.Dispatch, p.cfg.DPDK.MaxProcs = "modulo", 2
	if err := p.keeper.replace(s); err != nil {
		t.Fatal(err)
	}
	if err := p.restore(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSecondariesThatLiveAreAwaited(t *testing.T) {
	p := restored(t, saved(self(t, 0)))
	pr := p.procs[0]
	if pr.state != stateAwaited || p.table.Awaiting() != 1 || p.unread || p.table.Doubtful() {
		t.Fatalf("%v, %d awaited, unread: %v", pr.state, p.table.Awaiting(), p.unread)
	}
	if want := []msg.PortRequest{{Proto: 6, Port: 80}}; !slices.Equal(pr.ports, want) {
		t.Errorf("ports %v", pr.ports)
	}
	if len(p.groups.byName) != 1 || p.groups.byName["web"].members != 1 {
		t.Errorf("groups %v", p.groups.byName)
	}
	if err := p.listen(&proc{id: 1, peer: peer{groupID: 99}}, msg.PortRequest{Proto: 6, Port: 80}); err == nil {
		t.Error("another group gets the port")
	}
}

func TestSecondariesThatHaveEndedAreNot(t *testing.T) {
	gone, reused, beyond := self(t, 0), self(t, 0), self(t, 2)
	gone.PID = 1 << 30
	reused.Start++
	for name, s := range map[string]*savedState{"dead": saved(gone), "another with its pid": saved(reused), "beyond max_procs": saved(self(t, 0), beyond)} {
		p := restored(t, s)
		if n := p.table.Awaiting(); n != len(s.Procs)-1 {
			t.Errorf("%s: %d are awaited", name, n)
		}
		for _, pr := range p.procs[1:] {
			if pr.state != stateFree {
				t.Errorf("%s: proc %d is %v", name, pr.id, pr.state)
			}
		}
	}
}

func TestStateThatIsLost(t *testing.T) {
	twice := saved(self(t, 0), self(t, 0))
	strange := saved(self(t, 0))
	strange.Ports[0].Members = []byte{1}
	for name, s := range map[string]*savedState{"a proc id twice": twice, "an unknown member": strange} {
		p := restored(t, s)
		if !p.unread || !p.table.Doubtful() || p.table.Awaiting() != 0 || len(p.groups.byName) != 0 || p.procs[0].state != stateFree {
			t.Errorf("%s: unread: %v, %d awaited, groups %v", name, p.unread, p.table.Awaiting(), p.groups.byName)
		}
	}
	other := saved(self(t, 0))
	other.Hash = "toeplitz 00"
	if p := restored(t, other); p.unread || !p.table.Doubtful() || p.table.Awaiting() != 1 {
		t.Error("another hash: the buckets are believed")
	}
}

// TestSysctlsAreKept: what was set at run time holds, unless the configuration has been changed since.
func TestSysctlsAreKept(t *testing.T) {
	p := restored(t, saved(self(t, 0)))
	p.cfg.Sysctls = []config.Sysctl{{Name: "a", Value: "1"}, {Name: "b", Value: "1"}, {Name: "c", Value: "1"}}
	p.sysctls = []shm.Sysctl{{Name: "a", Value: "2"}, {Name: "b", Value: "2"}, {Name: "c", Value: "1"}, {Name: "d", Value: "2"}}
	s := p.savedState()
	next := newIdle(t, 1)
	next.procs[0].state = stateFree
	next.cfg.DPDK.Dispatch = "modulo"
	next.cfg.Sysctls = []config.Sysctl{{Name: "a", Value: "1"}, {Name: "b", Value: "3"}, {Name: "c", Value: "4"}}
	next.sysctls = []shm.Sysctl{{Name: "a", Value: "1"}, {Name: "b", Value: "3"}, {Name: "c", Value: "4"}}
	if err := next.adopt(s); err != nil {
		t.Fatal(err)
	}
	if want := []shm.Sysctl{{Name: "a", Value: "2"}, {Name: "b", Value: "3"}, {Name: "c", Value: "4"}, {Name: "d", Value: "2"}}; !slices.Equal(next.sysctls, want) {
		t.Errorf("%v", next.sysctls)
	}
}

func TestResumeSlot(t *testing.T) {
	p := restored(t, saved(self(t, 0)))
	for _, c := range []struct {
		wanted int
		ticket string
		want   int // -1: refused
	}{
		{0, "secret", 0}, {0, "guess", 1}, {0, "", 1}, {1, "secret", 1}, {1, "guess", 1}, {2, "guess", 1}, {-1, "guess", 1}, {1 << 40, "guess", 1},
	} {
		pr, err := p.resumeSlot(c.wanted, c.ticket)
		if err != nil || pr.id != c.want {
			t.Errorf("proc %d with %q: %+v, %v", c.wanted, c.ticket, pr, err)
		}
	}
	if _, err := p.freeSlot(0); err == nil {
		t.Error("without a ticket the slot is given away")
	}
	p.procs[0].state, p.procs[1].state = stateLive, stateLive
	for _, ticket := range []string{"secret", "guess"} {
		if pr, err := p.resumeSlot(0, ticket); err == nil {
			t.Errorf("proc 0 with %q, which lives: %+v", ticket, pr)
		}
	}
}
